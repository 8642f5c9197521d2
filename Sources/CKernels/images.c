// Kernels over images stored as [height, width, channels].
#pragma clang diagnostic ignored "-Wpsabi"
#include "CKernels.h"
#include "vector.h"

DCAR_INLINE void put(dcar_out out, size_t at, float value) {
    if (!out.half) {
        ((float *)out.start)[at] = value;
        return;
    }
    uint32_t bits;
    memcpy(&bits, &value, 4);
    ((uint16_t *)out.start)[at] = (uint16_t)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

DCAR_INLINE float fast_exp(float x) {
    x = x < -87.3f ? -87.3f : x > 88.3f ? 88.3f : x;
    float n = (x * 1.44269504f + 12582912.f) - 12582912.f;
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.f;
    int32_t exponent = ((int32_t)n + 127) << 23;
    float scale;
    memcpy(&scale, &exponent, 4);
    return p * scale;
}

DCAR_INLINE float finish(float v, float bias, int activation) {
    v += bias;
    switch (activation) {
    case 1: return v > 0 ? v : 0;
    case 2: return v / (1.f + fast_exp(-v));
    case 3: {
        float inner = 0.79788456080286536f * (v + 0.044715f * v * v * v);
        return v / (1.f + fast_exp(-2.f * inner));
    }
    default: return v;
    }
}

DCAR_CLONES
void dcar_depthwise_glu_row(const float *above, const float *row, const float *below, size_t width,
                            size_t half, const float *weights, const float *bias, dcar_out out) {
    const float *rows[3] = {above, row, below};
    size_t channels = 2 * half;
    for (size_t x = 0; x < width; x++)
        for (size_t start = 0; start < half; start += 64) {
            size_t n = half - start < 64 ? half - start : 64;
            float value[64], gate[64];
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
            for (size_t i = 0; i < n; i++)
                value[i] *= gate[i] / (1.f + fast_exp(-gate[i]));
            size_t at = x * half + start;
            if (out.half)
                for (size_t i = 0; i < n; i++) put(out, at + i, value[i]);
            else
                memcpy((float *)out.start + at, value, n * sizeof(float));
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
        for (int row = 0; row < 32; row++) put(out, p * out_stride + row, sums[row] / weight);
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
            const float *from = x + start / 16 * block_stride + pixel * 16;
            float v[16];
            for (size_t i = 0; i < 16; i++) v[i] = from[i];
            float b[16] = {0};
            if (epilogue.bias) memcpy(b, epilogue.bias + start, n * sizeof(float));
            switch (epilogue.activation) {
            case 1:
                for (size_t i = 0; i < 16; i++) v[i] = finish(v[i], b[i], 1);
                break;
            case 2:
                for (size_t i = 0; i < 16; i++) v[i] = finish(v[i], b[i], 2);
                break;
            case 3:
                for (size_t i = 0; i < 16; i++) v[i] = finish(v[i], b[i], 3);
                break;
            default:
                for (size_t i = 0; i < 16; i++) v[i] += b[i];
            }
            if (epilogue.addend) {
                const float *a = epilogue.addend + pixel * epilogue.addend_stride + start;
                for (size_t i = 0; i < n; i++) v[i] += a[i];
            }
            size_t at = pixel * out_stride + start;
            if (out.half)
                for (size_t i = 0; i < n; i++) put(out, at + i, v[i]);
            else
                memcpy((float *)out.start + at, v, n * sizeof(float));
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
