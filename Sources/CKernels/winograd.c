// Winograd's F(2x2, 3x3): a 3x3 convolution in 16 products for 4 pixels instead of 36 (Lavin and
// Gray, arXiv 1509.09308). Images are [height, width, channels]; a tile is 2x2 pixels of the result
// and tiles count row by row. The 16 positions of the transformed domain come first everywhere.
#pragma clang diagnostic ignored "-Wpsabi"
#include "vector.h"

DCAR_CLONES
void dcar_winograd_weights(const float *x, size_t outputs, size_t inputs, const float *scale,
                           uint16_t *out) {
    for (size_t output = 0; output < outputs; output++)
        for (size_t input = 0; input < inputs; input++) {
            size_t at = output * inputs + input;
            const float *g = x + 9 * at;
            float factor = scale ? scale[output] : 1.f;
            float half[4][3];
            for (int i = 0; i < 3; i++) {
                half[0][i] = g[i] * factor;
                half[1][i] = 0.5f * factor * (g[i] + g[3 + i] + g[6 + i]);
                half[2][i] = 0.5f * factor * (g[i] - g[3 + i] + g[6 + i]);
                half[3][i] = g[6 + i] * factor;
            }
            for (int row = 0; row < 4; row++) {
                const float *h = half[row];
                float whole[4] = {h[0], 0.5f * (h[0] + h[1] + h[2]), 0.5f * (h[0] - h[1] + h[2]),
                                  h[2]};
                for (int column = 0; column < 4; column++) {
                    uint32_t bits;
                    memcpy(&bits, whole + column, 4);
                    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
                    out[(size_t)(4 * row + column) * outputs * inputs + at] = (uint16_t)bits;
                }
            }
        }
}

DCAR_CLONES
void dcar_winograd_input(const float *x, size_t width, size_t height, size_t channels,
                         size_t first, size_t count, uint16_t *out, size_t stride) {
    size_t across = (width + 1) / 2;
    for (size_t tile = 0; tile < count; tile++) {
        size_t top = (first + tile) / across * 2, left = (first + tile) % across * 2;
        const float *pixels[4][4];
        for (size_t i = 0; i < 4; i++)
            for (size_t j = 0; j < 4; j++) {
                // One pixel further than the result on each side.
                size_t y = top + i, px = left + j;
                int inside = y > 0 && y <= height && px > 0 && px <= width;
                pixels[i][j] = inside ? x + ((y - 1) * width + px - 1) * channels : 0;
            }
        for (size_t c = 0; c < channels; c += 16) {
            size_t n = channels - c;
            v16 d[4][4], h[4][4];
            for (int i = 0; i < 4; i++)
                for (int j = 0; j < 4; j++)
                    d[i][j] = pixels[i][j] ? load_part(pixels[i][j] + c, n, 0) : SPLAT(0.f);
            // The right half of the next tile; rows of tiles are long, so it is mostly right.
            for (int i = 0; i < 4; i++)
                for (int j = 2; j < 4; j++)
                    if (pixels[i][j]) __builtin_prefetch(pixels[i][j] + 2 * channels + c);
            for (int j = 0; j < 4; j++) {
                h[0][j] = d[0][j] - d[2][j];
                h[1][j] = d[1][j] + d[2][j];
                h[2][j] = d[2][j] - d[1][j];
                h[3][j] = d[1][j] - d[3][j];
            }
            for (int i = 0; i < 4; i++) {
                v16 t[4] = {h[i][0] - h[i][2], h[i][1] + h[i][2], h[i][2] - h[i][1],
                            h[i][1] - h[i][3]};
                for (int j = 0; j < 4; j++)
                    store_out((dcar_out){out, 1},
                              (size_t)(4 * i + j) * stride + tile * channels + c, n, t[j]);
            }
        }
    }
}

DCAR_CLONES
void dcar_winograd_output(const float *product, size_t stride, size_t width, size_t height,
                          size_t first, size_t count, size_t channels, dcar_epilogue epilogue,
                          float *out, size_t out_stride) {
    size_t across = (width + 1) / 2;
    for (size_t tile = 0; tile < count; tile++) {
        size_t top = (first + tile) / across * 2, left = (first + tile) % across * 2;
        for (size_t c = 0; c < channels; c += 16) {
            size_t n = channels - c;
            v16 bias = epilogue.bias ? load_part(epilogue.bias + c, n, 0) : SPLAT(0.f);
            v16 h[2][4];
            for (size_t j = 0; j < 4; j++) {
                v16 m[4];
                for (size_t i = 0; i < 4; i++)
                    m[i] = load_part(product + (4 * i + j) * stride + tile * channels + c, n, 0);
                h[0][j] = m[0] + m[1] + m[2];
                h[1][j] = m[1] - m[2] - m[3];
            }
            for (size_t i = 0; i < 2 && top + i < height; i++) {
                v16 pixels[2] = {h[i][0] + h[i][1] + h[i][2], h[i][1] - h[i][2] - h[i][3]};
                for (size_t j = 0; j < 2 && left + j < width; j++) {
                    size_t pixel = (top + i) * width + left + j;
                    // The same place of the next tile.
                    __builtin_prefetch(out + (pixel + 2) * out_stride + c, 1);
                    v16 v = activate(pixels[j] + bias, epilogue.activation);
                    if (epilogue.addend)
                        v += load_part(epilogue.addend + pixel * epilogue.addend_stride + c, n, 0);
                    store_part(out + pixel * out_stride + c, n, v);
                }
            }
        }
    }
}
