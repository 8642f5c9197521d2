// Kernels over images stored as [height, width, channels].
#pragma clang diagnostic ignored "-Wpsabi"
#include "vector.h"

/// x * sigmoid(x) by a division, which rounds once less than `activate`.
DCAR_INLINE v16 silu16(v16 x) { return x / (1.f + exp16(-x)); }

DCAR_CLONES
void dcar_depthwise_glu_row(const float *above, const float *row, const float *below, size_t width,
                            size_t half, const float *weights, const float *bias, dcar_out out) {
    const float *rows[3] = {above, row, below};
    size_t channels = 2 * half;
    for (size_t x = 0; x < width; x++)
        for (size_t start = 0; start < half; start += 64) {
            size_t n = half - start < 64 ? half - start : 64;
            float value[64] = {0}, gate[64] = {0};
            for (size_t i = 0; i < n; i++) {
                value[i] = bias[start + i];
                gate[i] = bias[half + start + i];
            }
            for (int dy = 0; dy < 3; dy++) {
                if (!rows[dy]) continue;
                for (int dx = 0; dx < 3; dx++) {
                    size_t column = x + dx;
                    if (column < 1 || column > width) continue;
                    const float *in = rows[dy] + (column - 1) * channels + start;
                    const float *w = weights + (size_t)(3 * dy + dx) * channels + start;
                    for (size_t i = 0; i < n; i++) value[i] += in[i] * w[i];
                    for (size_t i = 0; i < n; i++) gate[i] += in[half + i] * w[half + i];
                }
            }
            for (size_t i = 0; i < n; i += 16)
                store_out(out, x * half + start + i, n - i,
                          LOAD(value + i) * silu16(LOAD(gate + i)));
        }
}

DCAR_CLONES
void dcar_linear_attention_state(const float *x, size_t stride, size_t pixels, float *state) {
    memset(state, 0, 33 * 32 * sizeof(float));
    for (size_t p = 0; p < pixels; p++) {
        const float *k = x + p * stride + 32, *v = x + p * stride + 64;
        float keys[32];
        for (int i = 0; i < 32; i++) keys[i] = k[i] > 0 ? k[i] : 0;
        for (int row = 0; row < 32; row++)
            for (int i = 0; i < 32; i++) state[32 * row + i] += v[row] * keys[i];
        for (int i = 0; i < 32; i++) state[32 * 32 + i] += keys[i];
    }
}

DCAR_CLONES
void dcar_linear_attention_apply(const float *x, size_t stride, size_t pixels, const float *state,
                                 dcar_out out, size_t out_stride) {
    float columns[32][32];
    for (int row = 0; row < 32; row++)
        for (int i = 0; i < 32; i++) columns[i][row] = state[32 * row + i];
    for (size_t p = 0; p < pixels; p++) {
        const float *q = x + p * stride;
        float sums[32] = {0};
        float weight = 0;
        for (int i = 0; i < 32; i++) {
            float query = q[i] > 0 ? q[i] : 0;
            weight += query * state[32 * 32 + i];
            for (int row = 0; row < 32; row++) sums[row] += query * columns[i][row];
        }
        weight += 1e-15f;
        for (int row = 0; row < 32; row += 16)
            store_out(out, p * out_stride + row, 16, LOAD(sums + row) / weight);
    }
}

DCAR_CLONES
void dcar_block_rows(const float *x, size_t rows, size_t width, size_t channels, size_t out_rows,
                     float *out) {
    size_t blocks = (channels + 15) / 16;
    for (size_t pixel = 0; pixel < rows * width; pixel++)
        for (size_t block = 0; block < blocks; block++) {
            size_t n = channels - 16 * block < 16 ? channels - 16 * block : 16;
            const float *from = x + pixel * channels + 16 * block;
            float *to = out + (block * out_rows * width + pixel) * 16;
            if (n == 16) {
                memcpy(to, from, 64);
            } else {
                memset(to, 0, 64);
                memcpy(to, from, n * sizeof(float));
            }
        }
}

DCAR_CLONES
void dcar_unblock_row(const float *x, size_t block_stride, size_t width, size_t channels,
                      dcar_epilogue epilogue, dcar_out out, size_t out_stride) {
    for (size_t pixel = 0; pixel < width; pixel++)
        for (size_t start = 0; start < channels; start += 16) {
            size_t n = channels - start < 16 ? channels - start : 16;
            v16 v = LOAD(x + start / 16 * block_stride + pixel * 16);
            v += epilogue.bias ? load_part(epilogue.bias + start, n, 0) : SPLAT(0.f);
            v = epilogue.activation == DCAR_SILU ? silu16(v) : activate(v, epilogue.activation);
            if (epilogue.addend)
                v += load_part(epilogue.addend + pixel * epilogue.addend_stride + start, n, 0);
            store_out(out, pixel * out_stride + start, n, v);
        }
}

DCAR_CLONES
void dcar_upsample_row(const float *conv, const float *x, size_t width, size_t in_channels,
                       size_t out_channels, float *top, float *bottom) {
    for (size_t column = 0; column < width; column++) {
        const float *from = conv + column * 4 * out_channels;
        for (size_t part = 0; part < 4; part++) {
            float *to = (part < 2 ? top : bottom) + (2 * column + (part & 1)) * out_channels;
            for (size_t c = 0; c < out_channels; c++) to[c] = from[4 * c + part];
            if (!x) continue;
            const float *source = x + column * in_channels;
            if (in_channels == out_channels) {
                for (size_t c = 0; c < out_channels; c++) to[c] += source[c];
            } else if (in_channels == 2 * out_channels) {
                for (size_t c = 0; c < out_channels; c++) to[c] += source[2 * c + (part >> 1)];
            } else {
                size_t repeats = 4 * out_channels / in_channels;
                for (size_t c = 0; c < out_channels; c++)
                    to[c] += source[(4 * c + part) / repeats];
            }
        }
    }
}

DCAR_CLONES
void dcar_downsample_row(const float *conv_top, const float *conv_bottom, const float *x_top,
                         const float *x_bottom, size_t width, size_t in_channels,
                         size_t out_channels, float *out) {
    size_t quarter = out_channels / 4;
    size_t group = 4 * in_channels / out_channels;
    for (size_t column = 0; column < width; column++) {
        float *to = out + column * out_channels;
        for (size_t part = 0; part < 4; part++) {
            const float *from = (part < 2 ? conv_top : conv_bottom)
                + (2 * column + (part & 1)) * quarter;
            for (size_t c = 0; c < quarter; c++) to[4 * c + part] = from[c];
        }
        if (!x_top) continue;
        const float *sources[4] = {
            x_top + 2 * column * in_channels, x_top + (2 * column + 1) * in_channels,
            x_bottom + 2 * column * in_channels, x_bottom + (2 * column + 1) * in_channels};
        for (size_t o = 0; o < out_channels; o++) {
            float sum = 0;
            for (size_t j = o * group; j < (o + 1) * group; j++) sum += sources[j & 3][j >> 2];
            to[o] += sum / (float)group;
        }
    }
}
