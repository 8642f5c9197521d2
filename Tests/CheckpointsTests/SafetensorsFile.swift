/// A safetensors file with any header and so many zero bytes of data.
func safetensors(_ header: [UInt8], dataCount: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init) + header
        + [UInt8](repeating: 0, count: dataCount)
}

func safetensors(_ header: String, dataCount: Int) -> [UInt8] {
    safetensors(Array(header.utf8), dataCount: dataCount)
}
