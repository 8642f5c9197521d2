// Winograd's F(2x2, 3x3) and F(4x4, 3x3): a 3x3 convolution in 16 products for 4 pixels, or 36 for
// 16, instead of 36 and 144 (Lavin and Gray, arXiv 1509.09308). Images are [height, width,
// channels]; a tile is `side` x `side` pixels of the result, and tiles count row by row. The
// positions of the transformed domain come first everywhere.
//
// F(4x4) takes the points 0, 5/8, -5/8, 3/2, -3/2 and infinity: with operands in bfloat16 their
// rounding error is less than half of what the usual 0, 1, -1, 2, -2 give, and 2.5 times that of
// F(2x2).
#pragma clang diagnostic ignored "-Wpsabi"
#include "vector.h"

/// The points that are not 0 or infinity, without their signs, and their squares.
static const float NEAR = 0.625f, FAR = 1.5f, NEAR2 = 0.390625f, FAR2 = 2.25f;

enum { MOST = 6 };

DCAR_INLINE void weights_line(const v16 g[3], v16 *out, const int side) {
    if (side == 2) {
        out[0] = g[0];
        out[1] = 0.5f * (g[0] + g[1] + g[2]);
        out[2] = 0.5f * (g[0] - g[1] + g[2]);
        out[3] = g[2];
        return;
    }
    const float near = 1.f / (2 * NEAR2 * (NEAR2 - FAR2));
    const float far = 1.f / (2 * FAR2 * (FAR2 - NEAR2));
    out[0] = g[0] / (NEAR2 * FAR2);
    out[1] = near * (g[0] + NEAR * g[1] + NEAR2 * g[2]);
    out[2] = near * (g[0] - NEAR * g[1] + NEAR2 * g[2]);
    out[3] = far * (g[0] + FAR * g[1] + FAR2 * g[2]);
    out[4] = far * (g[0] - FAR * g[1] + FAR2 * g[2]);
    out[5] = g[2];
}

DCAR_INLINE void input_line(const v16 *d, size_t step, v16 *out, size_t out_step, const int side) {
    if (side == 2) {
        out[0] = d[0] - d[2 * step];
        out[out_step] = d[step] + d[2 * step];
        out[2 * out_step] = d[2 * step] - d[step];
        out[3 * out_step] = d[step] - d[3 * step];
        return;
    }
    v16 d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step];
    v16 near = d4 - FAR2 * d2, near_odd = NEAR * (d3 - FAR2 * d1);
    v16 far = d4 - NEAR2 * d2, far_odd = FAR * (d3 - NEAR2 * d1);
    out[0] = d4 - (NEAR2 + FAR2) * d2 + (NEAR2 * FAR2) * d[0];
    out[out_step] = near + near_odd;
    out[2 * out_step] = near - near_odd;
    out[3 * out_step] = far + far_odd;
    out[4 * out_step] = far - far_odd;
    out[5 * out_step] = d[5 * step] - (NEAR2 + FAR2) * d3 + (NEAR2 * FAR2) * d1;
}

DCAR_INLINE void output_line(const v16 *m, size_t step, v16 *out, size_t out_step,
                             const int side) {
    if (side == 2) {
        out[0] = m[0] + m[step] + m[2 * step];
        out[out_step] = m[step] - m[2 * step] - m[3 * step];
        return;
    }
    v16 near = m[step] + m[2 * step], near_odd = m[step] - m[2 * step];
    v16 far = m[3 * step] + m[4 * step], far_odd = m[3 * step] - m[4 * step];
    out[0] = m[0] + near + far;
    out[out_step] = NEAR * near_odd + FAR * far_odd;
    out[2 * out_step] = NEAR2 * near + FAR2 * far;
    out[3 * out_step] = (NEAR2 * NEAR) * near_odd + (FAR2 * FAR) * far_odd + m[5 * step];
}

/// The kernels of at most sixteen outputs and one input, side by side.
DCAR_INLINE void weights(const float *x, size_t outputs, size_t inputs, const float *scale,
                         v16 out[MOST][MOST], const int side) {
    float lanes[9][16] = {0};
    for (size_t output = 0; output < outputs; output++) {
        float factor = scale[output];
        for (int i = 0; i < 9; i++) lanes[i][output] = factor * x[9 * output * inputs + i];
    }
    v16 lines[MOST][3];
    for (int i = 0; i < 3; i++) {
        v16 column[3] = {LOAD(lanes[i]), LOAD(lanes[3 + i]), LOAD(lanes[6 + i])}, line[MOST];
        weights_line(column, line, side);
        for (int row = 0; row < side + 2; row++) lines[row][i] = line[row];
    }
    for (int row = 0; row < side + 2; row++) weights_line(lines[row], out[row], side);
}

DCAR_INLINE void input(const float *x, size_t width, size_t height, size_t channels, size_t first,
                       size_t count, dcar_out out, size_t stride, const int side) {
    const int n = side + 2;
    size_t across = (width + side - 1) / side;
    for (size_t tile = 0; tile < count; tile++) {
        size_t top = (first + tile) / across * side, left = (first + tile) % across * side;
        const float *pixels[MOST][MOST];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) {
                // One pixel further than the result on each side.
                size_t y = top + i, px = left + j;
                int inside = y > 0 && y <= height && px > 0 && px <= width;
                pixels[i][j] = inside ? x + ((y - 1) * width + px - 1) * channels : 0;
            }
        for (size_t c = 0; c < channels; c += 16) {
            size_t left_over = channels - c;
            v16 d[MOST][MOST], h[MOST][MOST];
            for (int i = 0; i < n; i++)
                for (int j = 0; j < n; j++)
                    d[i][j] = pixels[i][j] ? load_part(pixels[i][j] + c, left_over, 0) : SPLAT(0.f);
            // What the next tile adds; rows of tiles are long, so it is mostly right.
            for (int i = 0; i < n; i++)
                for (int j = 2; j < n; j++)
                    if (pixels[i][j]) __builtin_prefetch(pixels[i][j] + side * channels + c);
            for (int j = 0; j < n; j++) input_line(&d[0][j], MOST, &h[0][j], MOST, side);
            for (int i = 0; i < n; i++) {
                v16 t[MOST];
                input_line(h[i], 1, t, 1, side);
                for (int j = 0; j < n; j++)
                    store_out(out, (size_t)(n * i + j) * stride + tile * channels + c, left_over,
                              t[j]);
            }
        }
    }
}

DCAR_INLINE void output(const float *product, size_t stride, size_t width, size_t height,
                        size_t first, size_t count, size_t channels, dcar_epilogue epilogue,
                        float *out, size_t out_stride, const int side) {
    const int n = side + 2;
    size_t across = (width + side - 1) / side;
    for (size_t tile = 0; tile < count; tile++) {
        size_t top = (first + tile) / across * side, left = (first + tile) % across * side;
        for (size_t c = 0; c < channels; c += 16) {
            size_t left_over = channels - c;
            v16 bias = epilogue.bias ? load_part(epilogue.bias + c, left_over, 0) : SPLAT(0.f);
            v16 h[4][MOST];
            for (int j = 0; j < n; j++) {
                v16 m[MOST];
                for (int i = 0; i < n; i++)
                    m[i] = load_part(product + (n * i + j) * stride + tile * channels + c,
                                     left_over, 0);
                output_line(m, 1, &h[0][j], MOST, side);
            }
            for (int i = 0; i < side && top + i < height; i++) {
                v16 pixels[4];
                output_line(h[i], 1, pixels, 1, side);
                for (int j = 0; j < side && left + j < width; j++) {
                    size_t pixel = (top + i) * width + left + j;
                    // The same place of the next tile.
                    __builtin_prefetch(out + (pixel + side) * out_stride + c, 1);
                    v16 v = activate(pixels[j] + bias, epilogue.activation);
                    if (epilogue.addend)
                        v += load_part(epilogue.addend + pixel * epilogue.addend_stride + c,
                                       left_over, 0);
                    store_part(out + pixel * out_stride + c, left_over, v);
                }
            }
        }
    }
}

DCAR_INLINE void weights_rows(const float *x, size_t outputs, size_t inputs, const float *scale,
                              uint16_t *out, const int side) {
    const int n = side + 2;
    for (size_t output = 0; output < outputs; output += 16) {
        size_t count = outputs - output < 16 ? outputs - output : 16;
        for (size_t input = 0; input < inputs; input++) {
            size_t at = output * inputs + input;
            v16 kernels[MOST][MOST];
            weights(x + 9 * at, count, inputs, scale + output, kernels, side);
            for (int position = 0; position < n * n; position++) {
                v16 kernel = kernels[position / n][position % n];
                uint16_t *to = out + position * outputs * inputs + at;
                for (size_t lane = 0; lane < count; lane++)
                    to[lane * inputs] = bfloat16_bits(kernel[lane]);
            }
        }
    }
}

DCAR_INLINE void weights_packed(const float *x, size_t outputs, size_t inputs, const float *scale,
                                float *out, const int side) {
    const int n = side + 2;
    size_t size = dcar_packed_floats(outputs, inputs);
    for (size_t output = 0; output < outputs; output += 16) {
        size_t count = outputs - output < 16 ? outputs - output : 16;
        for (size_t input = 0; input < inputs; input++) {
            size_t at = output * inputs + 16 * input;
            v16 kernels[MOST][MOST];
            weights(x + 9 * (output * inputs + input), count, inputs, scale + output,
                    kernels, side);
            for (int position = 0; position < n * n; position++)
                STORE(out + position * size + at, kernels[position / n][position % n]);
        }
    }
}

DCAR_CLONES
void dcar_winograd_weights(int side, const float *x, size_t outputs, size_t inputs,
                           const float *scale, uint16_t *out) {
    if (side == 2) {
        weights_rows(x, outputs, inputs, scale, out, 2);
    } else {
        weights_rows(x, outputs, inputs, scale, out, 4);
    }
}

DCAR_CLONES
void dcar_winograd_pack_floats(int side, const float *x, size_t outputs, size_t inputs,
                               const float *scale, float *out) {
    if (side == 2) {
        weights_packed(x, outputs, inputs, scale, out, 2);
    } else {
        weights_packed(x, outputs, inputs, scale, out, 4);
    }
}

DCAR_CLONES
void dcar_winograd_input(int side, const float *x, size_t width, size_t height, size_t channels,
                         size_t first, size_t count, dcar_out out, size_t stride) {
    if (side == 2) {
        input(x, width, height, channels, first, count, out, stride, 2);
    } else {
        input(x, width, height, channels, first, count, out, stride, 4);
    }
}

DCAR_CLONES
void dcar_winograd_output(int side, const float *product, size_t stride, size_t width,
                          size_t height, size_t first, size_t count, size_t channels,
                          dcar_epilogue epilogue, float *out, size_t out_stride) {
    if (side == 2) {
        output(product, stride, width, height, first, count, channels, epilogue, out, out_stride,
               2);
    } else {
        output(product, stride, width, height, first, count, channels, epilogue, out, out_stride,
               4);
    }
}
