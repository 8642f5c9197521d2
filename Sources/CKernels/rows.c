// Kernels that work on one row at a time: norms, softmax, activations, sampling.
#pragma clang diagnostic ignored "-Wpsabi"
#include "vector.h"

DCAR_CLONES
void dcar_finish_tile(const float *tile, size_t tile_stride, size_t rows, size_t columns,
                      dcar_epilogue epilogue, dcar_out out, size_t out_stride) {
    for (size_t row = 0; row < rows; row++) {
        const float *x = tile + row * tile_stride;
        for (size_t i = 0; i < columns; i += 16) {
            size_t left = columns - i;
            v16 v = load_part(x + i, left, 0);
            if (epilogue.bias) v += load_part(epilogue.bias + i, left, 0);
            v = activate(v, epilogue.activation);
            if (epilogue.addend)
                v += load_part(epilogue.addend + row * epilogue.addend_stride + i, left, 0);
            store_out(out, row * out_stride + i, left, v);
        }
    }
}

typedef struct {
    float mean, scale;
} moments;

DCAR_INLINE moments row_moments(const float *x, size_t columns, float epsilon) {
    v16 sum = {0};
    for (size_t i = 0; i < columns; i += 16) sum += load_part(x + i, columns - i, 0);
    float mean = sum_lanes(sum) / (float)columns;
    v16 squares = {0};
    for (size_t i = 0; i < columns; i += 16) {
        v16 d = load_part(x + i, columns - i, mean) - mean;
        squares += d * d;
    }
    float variance = sum_lanes(squares) / (float)columns;
    return (moments){mean, 1.f / sqrtf(variance + epsilon)};
}

DCAR_CLONES
void dcar_layer_norm(const float *x, size_t x_stride, size_t rows, size_t columns,
                     const float *weight, const float *bias, float epsilon, const float *addend,
                     dcar_out out) {
    for (size_t row = 0; row < rows; row++) {
        const float *in = x + row * x_stride;
        moments m = row_moments(in, columns, epsilon);
        for (size_t i = 0; i < columns; i += 16) {
            size_t left = columns - i;
            v16 v = (load_part(in + i, left, 0) - m.mean) * m.scale;
            if (weight) v *= load_part(weight + i, left, 0);
            if (bias) v += load_part(bias + i, left, 0);
            if (addend) v += load_part(addend + row * columns + i, left, 0);
            store_out(out, row * columns + i, left, v);
        }
    }
}

DCAR_CLONES
void dcar_rms_norm(const float *x, size_t rows, size_t columns, const float *weight, float epsilon,
                   dcar_out out) {
    for (size_t row = 0; row < rows; row++) {
        const float *in = x + row * columns;
        v16 squares = {0};
        for (size_t i = 0; i < columns; i += 16) {
            v16 v = load_part(in + i, columns - i, 0);
            squares += v * v;
        }
        float scale = 1.f / sqrtf(sum_lanes(squares) / (float)columns + epsilon);
        for (size_t i = 0; i < columns; i += 16) {
            size_t left = columns - i;
            v16 v = load_part(in + i, left, 0) * scale * load_part(weight + i, left, 0);
            store_out(out, row * columns + i, left, v);
        }
    }
}

DCAR_CLONES
void dcar_modulated_norm(const float *x, size_t rows, size_t columns, const float *weight,
                         const float *bias, float epsilon, const float *shift, const float *scale,
                         size_t modulation_stride, dcar_out out) {
    for (size_t row = 0; row < rows; row++) {
        const float *in = x + row * columns;
        const float *a = shift + row * modulation_stride, *b = scale + row * modulation_stride;
        moments m = row_moments(in, columns, epsilon);
        for (size_t i = 0; i < columns; i += 16) {
            size_t left = columns - i;
            v16 v = (load_part(in + i, left, 0) - m.mean) * m.scale;
            if (weight) v *= load_part(weight + i, left, 0);
            if (bias) v += load_part(bias + i, left, 0);
            v = v * (1.f + load_part(b + i, left, 0)) + load_part(a + i, left, 0);
            store_out(out, row * columns + i, left, v);
        }
    }
}

DCAR_CLONES
void dcar_gated_sum(const float *x, const float *y, const float *gate, size_t gate_stride,
                    size_t rows, size_t columns, float *out) {
    for (size_t row = 0; row < rows; row++)
        for (size_t i = 0; i < columns; i += 16) {
            size_t left = columns - i, at = row * columns + i;
            v16 g = load_part(gate + row * gate_stride + i, left, 0);
            v16 v = load_part(x + at, left, 0) + g * load_part(y + at, left, 0);
            store_part(out + at, left, v);
        }
}

DCAR_CLONES
void dcar_softmax(float *x, size_t rows, size_t columns, float scale, const float *bias,
                  size_t bias_stride) {
    for (size_t row = 0; row < rows; row++) {
        float *in = x + row * columns;
        const float *b = bias ? bias + row * bias_stride : 0;
        v16 top = SPLAT(-INFINITY);
        for (size_t i = 0; i < columns; i += 16) {
            size_t left = columns - i;
            v16 v = load_part(in + i, left, -INFINITY) * scale;
            if (b) v += load_part(b + i, left, -INFINITY);
            store_part(in + i, left, v);
            top = larger(top, v);
        }
        float peak = top[0];
        for (int i = 1; i < 16; i++) peak = top[i] > peak ? top[i] : peak;
        v16 sum = {0};
        for (size_t i = 0; i < columns; i += 16) {
            size_t left = columns - i;
            v16 v = exp16(load_part(in + i, left, -INFINITY) - peak);
            if (left < 16)
                for (size_t k = left; k < 16; k++) v[k] = 0;
            store_part(in + i, left, v);
            sum += v;
        }
        float inverse = 1.f / sum_lanes(sum);
        for (size_t i = 0; i < columns; i += 16)
            store_part(in + i, columns - i, load_part(in + i, columns - i, 0) * inverse);
    }
}

DCAR_CLONES
void dcar_silu_sum(const float *a, const float *b, size_t b_stride, size_t rows, size_t columns,
                   dcar_out out) {
    for (size_t row = 0; row < rows; row++)
        for (size_t i = 0; i < columns; i += 16) {
            size_t left = columns - i;
            v16 v = load_part(a + row * columns + i, left, 0);
            v += load_part(b + row * b_stride + i, left, 0);
            store_out(out, row * columns + i, left, v * sigmoid16(v));
        }
}

DCAR_CLONES
void dcar_copy_rows(const float *x, size_t x_stride, size_t rows, size_t columns, dcar_out out,
                    size_t out_stride) {
    for (size_t row = 0; row < rows; row++)
        for (size_t i = 0; i < columns; i += 16)
            store_out(out, row * out_stride + i, columns - i,
                      load_part(x + row * x_stride + i, columns - i, 0));
}

DCAR_CLONES
void dcar_widen(const uint16_t *x, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)x[i] << 16;
        memcpy(out + i, &bits, 4);
    }
}

DCAR_CLONES
size_t dcar_gumbel_argmax(const float *logits, const float *uniform, size_t count,
                          float temperature) {
    const v16 floor = SPLAT(1e-20f);
    float best = -INFINITY;
    size_t index = 0;
    for (size_t i = 0; i < count; i += 16) {
        size_t left = count - i;
        v16 u = larger(load_part(uniform + i, left, 0.5f), floor);
        v16 gumbel = -log16(larger(-log16(u), floor));
        v16 v = load_part(logits + i, left, -INFINITY) + temperature * gumbel;
        i16 above = v > SPLAT(best);
        int any = 0;
        for (int k = 0; k < 16; k++) any |= above[k];
        if (!any) continue;
        for (size_t k = 0; k < 16 && k < left; k++)
            if (v[k] > best) {
                best = v[k];
                index = i + k;
            }
    }
    return index;
}

DCAR_CLONES
void dcar_guide(const float *base, const float *conditional, const float *unconditional,
                size_t count, float guidance, float *out) {
    for (size_t i = 0; i < count; i += 16) {
        size_t left = count - i;
        v16 difference =
            load_part(conditional + i, left, 0) - load_part(unconditional + i, left, 0);
        store_part(out + i, left, load_part(base + i, left, 0) + guidance * difference);
    }
}

DCAR_CLONES
void dcar_divide(const float *numbers, size_t count, float divisor, float *out) {
    for (size_t i = 0; i < count; i += 16)
        store_part(out + i, count - i, load_part(numbers + i, count - i, 0) / divisor);
}

DCAR_CLONES
void dcar_philox_uniform(uint64_t key, uint32_t stream, uint32_t step, uint32_t position,
                         uint32_t first_block, size_t count, float *out) {
    for (size_t base = 0; base < count; base += 64) {
        uint32_t lanes[4][16];
        for (uint32_t k = 0; k < 16; k++) {
            uint32_t c0 = first_block + (uint32_t)(base / 4) + k;
            uint32_t c1 = position, c2 = step, c3 = stream;
            uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
            for (int round = 0; round < 10; round++) {
                uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
                uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
                c1 = (uint32_t)p1;
                c3 = (uint32_t)p0;
                c0 = n0;
                c2 = n2;
                k0 += 0x9E3779B9u;
                k1 += 0xBB67AE85u;
            }
            lanes[0][k] = c0;
            lanes[1][k] = c1;
            lanes[2][k] = c2;
            lanes[3][k] = c3;
        }
        for (size_t i = 0; i < 64 && base + i < count; i++)
            out[base + i] = (float)(lanes[i & 3][i >> 2] >> 8) * 0x1p-24f;
    }
}

DCAR_CLONES
float dcar_log_sum_exp(const float *x, size_t count) {
    v16 top = SPLAT(-INFINITY);
    for (size_t i = 0; i < count; i += 16)
        top = larger(top, load_part(x + i, count - i, -INFINITY));
    float peak = top[0];
    for (int i = 1; i < 16; i++) peak = top[i] > peak ? top[i] : peak;
    v16 sum = {0};
    for (size_t i = 0; i < count; i += 16) {
        size_t left = count - i;
        v16 v = exp16(load_part(x + i, left, -INFINITY) - peak);
        if (left < 16)
            for (size_t k = left; k < 16; k++) v[k] = 0;
        sum += v;
    }
    return peak + logf(sum_lanes(sum));
}
