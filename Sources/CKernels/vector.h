// Sixteen float lanes, and the functions of them that the kernels need.
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "CKernels.h"

#if defined(__x86_64__)
#define DCAR_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define DCAR_CLONES
#endif
#define DCAR_INLINE static inline __attribute__((always_inline))

typedef float v16 __attribute__((vector_size(64), aligned(4)));
typedef int32_t i16 __attribute__((vector_size(64), aligned(4)));
typedef uint32_t u16 __attribute__((vector_size(64), aligned(4)));
typedef uint16_t h16 __attribute__((vector_size(32), aligned(2)));

#define SPLAT(x) ((v16){0} + (x))
DCAR_INLINE void lanes_from(const float *p, size_t n, float fill, float *buffer) {
    for (size_t i = 0; i < 16; i++) buffer[i] = i < n ? p[i] : fill;
}
#define LOAD(p) (*(const v16 *)(p))
#define STORE(p, v) (*(v16 *)(p) = (v))

DCAR_INLINE v16 load_part(const float *p, size_t left, float fill) {
    if (left >= 16) return LOAD(p);
    float buffer[16];
    lanes_from(p, left, fill, buffer);
    return LOAD(buffer);
}

/// The same of whole numbers, with 0 for what is missing.
DCAR_INLINE i16 load_ints(const int32_t *p, size_t left) {
    if (left >= 16) return *(const i16 *)p;
    int32_t buffer[16];
    for (size_t i = 0; i < 16; i++) buffer[i] = i < left ? p[i] : 0;
    return *(const i16 *)buffer;
}

DCAR_INLINE void store_part(float *p, size_t left, v16 v) {
    if (left >= 16) {
        STORE(p, v);
    } else {
        memcpy(p, &v, left * sizeof(float));
    }
}

/// The bits of the nearest bfloat16 number, ties to even.
DCAR_INLINE uint16_t bfloat16_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return (uint16_t)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

/// The same of sixteen numbers; in one instruction where whoever includes this knows of one.
DCAR_INLINE h16 narrow(v16 v) {
#ifdef DCAR_NARROWED
    return DCAR_NARROWED(v);
#else
    u16 bits = (u16)v;
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    return __builtin_convertvector(bits, h16);
#endif
}

/// Writes `left` (at most 16) lanes at element `at` of an output.
DCAR_INLINE void store_out(dcar_out out, size_t at, size_t left, v16 v) {
    if (!out.is_bfloat16) {
        store_part((float *)out.start + at, left, v);
        return;
    }
    h16 bits = narrow(v);
    uint16_t *to = (uint16_t *)out.start + at;
    // A copy of known size is one instruction, any other a call.
    if (left >= 16) {
        memcpy(to, &bits, sizeof bits);
    } else {
        memcpy(to, &bits, left * sizeof(uint16_t));
    }
}

DCAR_INLINE float sum_lanes(v16 v) {
    float total = 0;
    for (int i = 0; i < 16; i++) total += v[i];
    return total;
}

DCAR_INLINE v16 choose(i16 mask, v16 yes, v16 no) {
    return (v16)(((i16)yes & mask) | ((i16)no & ~mask));
}

DCAR_INLINE v16 larger(v16 a, v16 b) { return choose(a > b, a, b); }

/// e^x to about one unit in the last place; as at -87.3 below that, capped above 88.3.
DCAR_INLINE v16 exp16(v16 x) {
    x = choose(x < SPLAT(-87.3f), SPLAT(-87.3f), x);
    x = choose(x > SPLAT(88.3f), SPLAT(88.3f), x);
    const v16 magic = SPLAT(12582912.f);
    v16 n = (x * 1.44269504f + magic) - magic;
    v16 r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    v16 p = SPLAT(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.f;
    i16 exponent = (__builtin_convertvector(n, i16) + 127) << 23;
    return p * (v16)exponent;
}

/// ln x for positive normal x, to about one unit in the last place, exact in sign near 1.
DCAR_INLINE v16 log16(v16 x) {
    i16 bits = (i16)x;
    i16 exponent = ((bits >> 23) & 0xFF) - 126;
    v16 m = (v16)((bits & 0x007FFFFF) | 0x3F000000);
    i16 low = m < SPLAT(0.707106781f);
    v16 e = __builtin_convertvector(exponent + low, v16);
    m = choose(low, m + m, m) - 1.f;
    v16 z = m * m;
    v16 p = SPLAT(7.0376836292e-2f);
    p = p * m + -1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m + -1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m + -1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m + -2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    v16 y = p * m * z;
    y = y + e * -2.12194440e-4f;
    y = y - 0.5f * z;
    return m + y + e * 0.693359375f;
}

DCAR_INLINE v16 sigmoid16(v16 x) { return 1.f / (1.f + exp16(-x)); }

DCAR_INLINE v16 gelu16(v16 x) {
    v16 inner = 0.79788456080286536f * (x + 0.044715f * x * x * x);
    return x * sigmoid16(2.f * inner);
}

DCAR_INLINE v16 activate(v16 x, dcar_activation activation) {
    switch (activation) {
    case DCAR_RELU: return choose(x > SPLAT(0.f), x, SPLAT(0.f));
    case DCAR_SILU: return x * sigmoid16(x);
    case DCAR_GELU: return gelu16(x);
    default: return x;
    }
}

DCAR_INLINE void finish_rows(const float *sums, size_t stride, size_t rows, size_t column,
                             size_t left, const dcar_destination *to,
                             const dcar_activation activation) {
    const dcar_epilogue *e = &to->epilogue;
    v16 bias = e->bias ? load_part(e->bias + column, left, 0) : SPLAT(0.f);
    for (size_t r = 0; r < rows; r++) {
        v16 x = activate(LOAD(sums + r * stride) + bias, activation);
        if (e->addend) x += load_part(e->addend + r * e->addend_stride + column, left, 0);
        store_out(to->out, r * to->out_stride + column, left, x);
    }
}

/// What follows the sums of floats of all rows and at most 16 columns from `column` on.
DCAR_INLINE void finish_sums(const float *sums, size_t stride, size_t rows, size_t column,
                             size_t columns, const dcar_destination *to) {
    size_t left = columns - column;
    switch (to->epilogue.activation) {
    case DCAR_RELU: finish_rows(sums, stride, rows, column, left, to, DCAR_RELU); break;
    case DCAR_SILU: finish_rows(sums, stride, rows, column, left, to, DCAR_SILU); break;
    case DCAR_GELU: finish_rows(sums, stride, rows, column, left, to, DCAR_GELU); break;
    default: finish_rows(sums, stride, rows, column, left, to, DCAR_NONE);
    }
}
