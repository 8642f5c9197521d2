import Checkpoints
import Tensors
import Testing

@Test(arguments: [
    ("formats/types.bin", "formats/types.safetensors"),
    ("formats/nested.pt", "formats/types.safetensors"),
    ("dc-ar/pytorch_model.bin", "dc-ar/model.safetensors")
])
func aPyTorchFileHoldsTheTensorsOfItsSafetensorsTwin(torch: String, twin: String) throws {
    let torch = try Checkpoint(path: golden(torch))
    let twin = try Checkpoint(path: golden(twin))
    #expect(torch.format == .torch && twin.format == .safetensors)
    #expect(torch.keys == twin.keys && !twin.keys.isEmpty)
    for key in twin.keys {
        #expect(torch.entry(key) == twin.entry(key), "\(key)")
        #expect(try bytes(torch.tensor(key)) == bytes(twin.tensor(key)), "\(key)")
    }
}
