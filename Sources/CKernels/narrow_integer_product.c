// Matrix products of 8-bit integers in vectors of eight words (AVX-VNNI).
#pragma clang diagnostic ignored "-Wpsabi"
#if defined(__x86_64__)
#include <immintrin.h>
#include "integer_product.h"
// Before the vector functions, so that they are compiled for the same processors.
#pragma clang attribute push(__attribute__((target("avx2,fma,avxvnni"))), apply_to = function)
#include "vector.h"

/// In halves, as a vector of sixteen words is two here.
DCAR_INLINE v16 dot(v16 sum, int32_t x, i16 weights) {
    union {
        v16 whole;
        __m256i half[2];
    } sums = {sum};
    union {
        i16 whole;
        __m256i half[2];
    } words = {weights};
    __m256i each = _mm256_set1_epi32(x);
    for (int i = 0; i < 2; i++)
        sums.half[i] = _mm256_dpbusd_avx_epi32(sums.half[i], each, words.half[i]);
    return sums.whole;
}

#define DOT(sum, x, weights) dot(sum, x, weights)
#define VECTORS 1
enum { DEPTH = 512 };
#include "vector_product.h"

void dcar_product_narrow_integers(const uint8_t *a, size_t rows, size_t inner, const uint32_t *b,
                                  size_t columns, dcar_destination to) {
    vector_product(a, rows, inner, b, columns, to, 1);
}
#pragma clang attribute pop
#endif
