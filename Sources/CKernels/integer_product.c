// Matrix products of 8-bit integers in vectors of sixteen words (AVX-512 VNNI).
#pragma clang diagnostic ignored "-Wpsabi"
#if defined(__x86_64__)
#include <immintrin.h>
#include "integer_product.h"
// Before the vector functions, so that they are compiled for the same processors.
#pragma clang attribute push(                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)
#include "vector.h"

#define DOT(sum, x, weights)                                                                       \
    ((v16)_mm512_dpbusd_epi32((__m512i)(sum), _mm512_set1_epi32(x), (__m512i)(weights)))
#define VECTORS 4
enum { DEPTH = 1024 };
#include "vector_product.h"

void dcar_product_wide_integers(const uint8_t *a, size_t rows, size_t inner, const uint32_t *b,
                                size_t columns, dcar_destination to) {
    vector_product(a, rows, inner, b, columns, to, 1);
}
#pragma clang attribute pop
#endif
