import CKernels
import Tensors

/// Operations on float32 images [height, width, channels].
extension Compute {
    /// a * silu(gate), where a and gate are the halves of a depthwise 3x3 convolution.
    ///
    /// - Parameters:
    ///   - x: [height, width, 2 * half].
    ///   - weights: [9, 2 * half]: the position in the neighbourhood before the channel.
    ///   - bias: [2 * half].
    /// - Returns: [height, width, half] of the engine's operand type.
    public func depthwiseGLU(_ x: Tensor, weights: Tensor, bias: Tensor) -> Tensor {
        let (height, width, channels) = (x.shape[0], x.shape[1], x.shape[2])
        let row = width * channels
        let output = operand
        defer { withExtendedLifetime((x, weights, bias)) {} }
        return Tensor([height, width, channels / 2], output) { base in
            forEach(height) { y in
                let start = x.pointer + y * row
                dcar_depthwise_glu_row(
                    y > 0 ? start - row : nil, start, y + 1 < height ? start + row : nil, width,
                    channels / 2, weights.pointer, bias.pointer,
                    out(base + y * row / 2 * output.byteWidth, output))
            }
        }
    }

    /// DC-AE's upsampler after its convolution: shuffle(conv) + shuffle(repeat(shortcut)).
    ///
    /// - Parameters:
    ///   - conv: [height, width, 4 * channels].
    ///   - shortcut: the convolution's input, or nil for none.
    /// - Returns: [2 * height, 2 * width, channels].
    public func upsample(_ conv: Tensor, shortcut: Tensor?) -> Tensor {
        let (height, width, channels) = (conv.shape[0], conv.shape[1], conv.shape[2] / 4)
        let inputs = shortcut?.shape[2] ?? 0
        defer { withExtendedLifetime((conv, shortcut)) {} }
        return Tensor([2 * height, 2 * width, channels]) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            let outRow = 2 * width * channels
            forEach(height) { y in
                dcar_upsample_row(
                    conv.pointer + y * width * 4 * channels,
                    shortcut.map { $0.pointer + y * width * inputs }, width, inputs, channels,
                    to + 2 * y * outRow, to + (2 * y + 1) * outRow)
            }
        }
    }

    /// DC-AE's downsampler after its convolution: unshuffle(conv) + averaged unshuffle(shortcut).
    ///
    /// - Parameters:
    ///   - conv: [2 * height, 2 * width, channels / 4].
    ///   - shortcut: the convolution's input, or nil for none.
    /// - Returns: [height, width, channels].
    public func downsample(_ conv: Tensor, shortcut: Tensor?) -> Tensor {
        let (height, width, quarter) = (conv.shape[0] / 2, conv.shape[1] / 2, conv.shape[2])
        let inputs = shortcut?.shape[2] ?? 0
        defer { withExtendedLifetime((conv, shortcut)) {} }
        return Tensor([height, width, 4 * quarter]) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            forEach(height) { y in
                let (convRow, shortRow) = (2 * width * quarter, 2 * width * inputs)
                dcar_downsample_row(
                    conv.pointer + 2 * y * convRow, conv.pointer + (2 * y + 1) * convRow,
                    shortcut.map { $0.pointer + 2 * y * shortRow },
                    shortcut.map { $0.pointer + (2 * y + 1) * shortRow }, width, inputs,
                    4 * quarter, to + y * width * 4 * quarter)
            }
        }
    }
}
