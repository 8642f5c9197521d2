// Writes a model folder of the official shapes with random weights, about 4.4 GB in float32: for
// measuring speed and memory where the official weights are not at hand.
//
//     swift run -c release full-size-model FOLDER [bf16]

import Checkpoints
import Foundation
import Tensors
import TestSupport

guard CommandLine.arguments.count >= 2 else {
    print("usage: full-size-model FOLDER [bf16]")
    exit(2)
}
let folder = CommandLine.arguments[1]
let type: ElementType = CommandLine.arguments.contains("bf16") ? .bfloat16 : .float32
let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Golden").path

/// What a tensor of random weights needs so that activations neither vanish nor grow.
enum Kind {
    case matrix
    case ones
    case zeros
}

struct Entry {
    let name: String
    let shape: Shape
    let kind: Kind
}

func linear(_ name: String, _ outputs: Int, _ inputs: Int, bias: Bool = true) -> [Entry] {
    [Entry(name: "\(name).weight", shape: [outputs, inputs], kind: .matrix)]
        + (bias ? [Entry(name: "\(name).bias", shape: [outputs], kind: .zeros)] : [])
}

func norm(_ name: String, _ width: Int) -> [Entry] {
    [
        Entry(name: "\(name).weight", shape: [width], kind: .ones),
        Entry(name: "\(name).bias", shape: [width], kind: .zeros)
    ]
}

func convolution(_ name: String, _ outputs: Int, _ inputs: Int, _ side: Int, bias: Bool = true)
    -> [Entry]
{
    [Entry(name: "\(name).weight", shape: [outputs, inputs, side, side], kind: .matrix)]
        + (bias ? [Entry(name: "\(name).bias", shape: [outputs], kind: .zeros)] : [])
}

func generator() -> [Entry] {
    let (d, hidden, w) = (1152, 4608, 1024)
    var entries = [
        Entry(name: "pos_embed", shape: [1, 256, d], kind: .matrix),
        Entry(name: "x_embedder.weight", shape: [16385, d], kind: .matrix),
        Entry(name: "y_embedder.y_embedding", shape: [300, 768], kind: .matrix)
    ]
    entries += linear("y_embedder.y_proj.fc1", d, 768) + linear("y_embedder.y_proj.fc2", d, d)
    for block in (0..<28).map({ "blocks.\($0)" }) {
        entries += linear("\(block).attn.qkv", 3 * d, d)
        entries += norm("\(block).attn.q_norm", d) + norm("\(block).attn.k_norm", d)
        entries += linear("\(block).attn.proj", d, d)
        entries += linear("\(block).cross_attn.q_linear", d, d)
        entries += linear("\(block).cross_attn.kv_linear", 2 * d, d)
        entries += linear("\(block).cross_attn.proj", d, d)
        entries += linear("\(block).mlp.fc1", hidden, d) + linear("\(block).mlp.fc2", d, hidden)
    }
    entries += linear("final_layer.linear", 16384, d)
    let head = "diffloss.net"
    entries += linear("\(head).time_embed.mlp.0", w, 256) + linear("\(head).time_embed.mlp.2", w, w)
    entries += linear("\(head).cond_embed", w, d) + linear("\(head).input_proj", w, 32)
    for block in (0..<6).map({ "\(head).res_blocks.\($0)" }) {
        entries += norm("\(block).in_ln", w)
        entries += linear("\(block).mlp.0", w, w) + linear("\(block).mlp.2", w, w)
        entries += linear("\(block).adaLN_modulation.1", 3 * w, w)
    }
    entries += linear("\(head).final_layer.linear", 64, w)
    entries += linear("\(head).final_layer.adaLN_modulation.1", 2 * w, w)
    return entries
}

func textEncoder() -> [Entry] {
    var entries = [Entry(name: "shared.weight", shape: [32128, 768], kind: .matrix)]
    for layer in 0..<12 {
        let block = "encoder.block.\(layer).layer"
        for name in ["q", "k", "v", "o"] {
            entries += linear("\(block).0.SelfAttention.\(name)", 768, 768, bias: false)
        }
        if layer == 0 {
            entries.append(
                Entry(
                    name: "\(block).0.SelfAttention.relative_attention_bias.weight",
                    shape: [32, 12], kind: .matrix))
        }
        entries.append(Entry(name: "\(block).0.layer_norm.weight", shape: [768], kind: .ones))
        entries += linear("\(block).1.DenseReluDense.wi", 3072, 768, bias: false)
        entries += linear("\(block).1.DenseReluDense.wo", 768, 3072, bias: false)
        entries.append(Entry(name: "\(block).1.layer_norm.weight", shape: [768], kind: .ones))
    }
    entries.append(Entry(name: "encoder.final_layer_norm.weight", shape: [768], kind: .ones))
    return entries
}

func efficientViT(_ name: String, _ width: Int) -> [Entry] {
    let (context, local) = ("\(name).context_module.main", "\(name).local_module.main")
    return convolution("\(context).qkv.conv", 3 * width, width, 1, bias: false)
        + convolution("\(context).proj.conv", width, width, 1, bias: false)
        + norm("\(context).proj.norm", width)
        + convolution("\(local).inverted_conv.conv", 8 * width, width, 1)
        + convolution("\(local).depth_conv.conv", 8 * width, 1, 3)
        + convolution("\(local).point_conv.conv", width, 4 * width, 1, bias: false)
        + norm("\(local).point_conv.norm", width)
}

func residualBlock(_ name: String, _ width: Int, batchNorm: Bool) -> [Entry] {
    var entries =
        convolution("\(name).main.conv1.conv", width, width, 3)
        + convolution("\(name).main.conv2.conv", width, width, 3, bias: false)
        + norm("\(name).main.conv2.norm", width)
    if batchNorm {
        entries += [
            Entry(name: "\(name).main.conv2.norm.running_mean", shape: [width], kind: .zeros),
            Entry(name: "\(name).main.conv2.norm.running_var", shape: [width], kind: .ones)
        ]
    }
    return entries
}

func tokenizer() -> [Entry] {
    let widths = [128, 256, 512, 512, 1024, 1024]
    let (encoderDepths, decoderDepths) = ([0, 4, 8, 2, 2, 2], [0, 5, 10, 2, 2, 2])
    var entries = convolution("encoder.project_in.conv.conv", 64, 3, 3)
    for stage in 1...5 {
        let (name, depth) = ("encoder.stages.\(stage).op_list", encoderDepths[stage])
        for index in 0..<depth {
            entries +=
                stage < 3
                ? residualBlock("\(name).\(index)", widths[stage], batchNorm: false)
                : efficientViT("\(name).\(index)", widths[stage])
        }
        if stage < 5 {
            entries += convolution(
                "\(name).\(depth).main.conv.conv", widths[stage + 1] / 4, widths[stage], 3)
        }
    }
    entries += convolution("encoder.project_out.main.op_list.0.conv", 32, 1024, 3)
    entries += convolution("decoder.project_in.main.conv", 1024, 32, 3)
    for stage in 1...5 {
        let name = "decoder.stages.\(stage).op_list"
        let first = stage < 5 ? 1 : 0
        if stage < 5 {
            entries += convolution(
                "\(name).0.main.conv.conv", 4 * widths[stage], widths[stage + 1], 3)
        }
        for index in first..<first + decoderDepths[stage] {
            entries +=
                stage < 3
                ? residualBlock("\(name).\(index)", widths[stage], batchNorm: true)
                : efficientViT("\(name).\(index)", widths[stage])
        }
    }
    entries += norm("decoder.project_out.op_list.0", 256)
    entries += convolution("decoder.project_out.op_list.2.conv.conv", 12, 256, 3)
    entries.append(Entry(name: "quantize.embedding.weight", shape: [16384, 32], kind: .matrix))
    return entries
}

/// Uniform numbers with the variance 1 / inputs, from a fast generator: there are a billion.
func numbers(_ entry: Entry, seed: UInt64) -> Tensor {
    let scale: Float
    switch entry.kind {
    case .ones: return Tensor(entry.shape, repeating: 1)
    case .zeros: return Tensor(entry.shape, repeating: 0)
    case .matrix:
        let inputs = entry.shape.dimensions.dropFirst().reduce(1, *)
        scale = (3 / Float(max(1, inputs))).squareRoot() / Float(1 << 23)
    }
    var state = seed | 1
    return Tensor(entry.shape, type) { base in
        for index in 0..<entry.shape.count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let number = Float(Int32(truncatingIfNeeded: state >> 40) - (1 << 23)) * scale
            if type == .bfloat16 {
                base.storeBytes(of: number.bfloat16Bits, toByteOffset: 2 * index, as: UInt16.self)
            } else {
                base.storeBytes(of: number, toByteOffset: 4 * index, as: Float.self)
            }
        }
    }
}

func write(_ entries: [Entry], to name: String) throws {
    let path = "\(folder)/\(name)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let writer = try SafetensorsWriter(
        path: "\(path)/model.safetensors",
        entries: entries.map { entry in
            (
                entry.name,
                TensorEntry(
                    shape: entry.shape, elementType: entry.kind == .matrix ? type : .float32)
            )
        })
    for (index, entry) in entries.enumerated() {
        try writer.write(entry.name, numbers(entry, seed: UInt64(index + 1)))
    }
    try writer.finish()
    print("\(path): \(entries.reduce(0) { $0 + $1.shape.count }) parameters")
}

do {
    try write(generator(), to: "dc-ar")
    try write(tokenizer(), to: "dc-ht")
    try write(textEncoder(), to: "t5")
    let files = FileManager.default
    var yaml = try String(contentsOfFile: "\(golden)/dc-ar/config.yaml", encoding: .utf8)
    for (from, to) in [
        ("codebook_size: 96", "codebook_size: 16384"), ("token_size: 16", "token_size: 32"),
        ("hidden_size: 72", "hidden_size: 1152"), ("num_hidden_layers: 3", "num_hidden_layers: 28"),
        ("num_attention_heads: 3", "num_attention_heads: 16"),
        ("intermediate_size: 288", "intermediate_size: 4608"),
        ("image_seq_len: 64", "image_seq_len: 256"), ("width: 64", "width: 1024"),
        ("depth: 2", "depth: 6"), ("context_dim: 40", "context_dim: 768"),
        ("resolution: 256", "resolution: 512")
    ] { yaml = yaml.replacingOccurrences(of: from, with: to) }
    try yaml.write(toFile: "\(folder)/dc-ar/config.yaml", atomically: true, encoding: .utf8)
    try #"""
    {"model_type": "dc_ht", "model_name": "dc-ae-f32-in-1.0", "codebook_size": 16384,
     "codebook_embed_dim": 32, "codebook_l2_norm": true, "quantizer_type": "hybrid_vq"}
    """#.write(toFile: "\(folder)/dc-ht/config.json", atomically: true, encoding: .utf8)
    try #"""
    {"model_type": "t5", "vocab_size": 32128, "d_model": 768, "d_kv": 64, "num_heads": 12,
     "d_ff": 3072, "num_layers": 12, "relative_attention_num_buckets": 32,
     "layer_norm_epsilon": 1e-06, "feed_forward_proj": "relu"}
    """#.write(toFile: "\(folder)/t5/config.json", atomically: true, encoding: .utf8)
    for name in ["tokenizer.json", "tokenizer_config.json", "spiece.model"] {
        try? files.removeItem(atPath: "\(folder)/t5/\(name)")
        try files.copyItem(atPath: "\(golden)/t5/\(name)", toPath: "\(folder)/t5/\(name)")
    }
} catch {
    print(error)
    exit(1)
}
