// What products by AVX-512 have in common. It begins a stretch of functions for processors that also
// have dot products of bfloat16 and of 8-bit integers, which `#pragma clang attribute pop` ends.
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>
// Before the vector functions, so that they are compiled for the same processors.
#pragma clang attribute push(                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx512vnni"))),           \
    apply_to = function)
#include "vector.h"

/// The product of bfloat16 numbers by multiply-adds of float32.
void dcar_product_widened(const uint16_t *a, size_t rows, size_t inner, const uint32_t *b,
                          size_t columns, dcar_destination to);

/// One vector of sums of a row and 16 columns from `column` on, with what follows it.
DCAR_INLINE void finish(v16 x, size_t row, size_t column, size_t columns, const dcar_destination *to,
                        const int is_integer, const dcar_activation activation) {
    const dcar_epilogue *e = &to->epilogue;
    size_t left = columns - column;
    if (is_integer) {
        i16 sum = load_ints(e->column_sum + column, left);
        x = __builtin_convertvector((i16)x - e->row_zero[row] * sum, v16)
            * load_part(e->column_scale + column, left, 0) * e->row_scale[row];
    }
    if (e->bias) x += load_part(e->bias + column, left, 0);
    x = activate(x, activation);
    if (e->addend) x += load_part(e->addend + row * e->addend_stride + column, left, 0);
    size_t at = row * to->out_stride + column;
    if (to->out.is_bfloat16 && left >= 16) {
        _mm256_storeu_si256((__m256i *)((uint16_t *)to->out.start + at),
                            (__m256i)_mm512_cvtneps_pbh((__m512)x));
    } else {
        store_out(to->out, at, left, x);
    }
}
#endif
