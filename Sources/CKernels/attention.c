// Attention of one head in bfloat16, with float32 sums and softmax.
#include "CKernels.h"
#include <math.h>

#if defined(__x86_64__)
#include <immintrin.h>
#include "tiles.h"

#define BFLOAT16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#define BFLOAT16_INLINE BFLOAT16 static inline __attribute__((always_inline))

/// C = A B for a few rows and sixteen columns a vector, kept in registers. A word of A holds two
/// neighbours along the inner axis, and so does one of B; strides count words. Both are widened to
/// float32 where that is faster.
BFLOAT16_INLINE void multiply(const uint32_t *a, size_t a_stride, const uint32_t *b,
                              size_t b_stride, size_t pairs, float *c, size_t c_stride,
                              const int rows, const int vectors, const int is_widened) {
    const __m512i high = _mm512_set1_epi32((int)0xFFFF0000);
    __m512 sums[6][4];
    for (int row = 0; row < rows; row++)
        for (int v = 0; v < vectors; v++) sums[row][v] = _mm512_setzero_ps();
    for (size_t k = 0; k < pairs; k++) {
        __m512i columns[4];
        for (int v = 0; v < vectors; v++)
            columns[v] = _mm512_loadu_si512(b + k * b_stride + 16 * v);
        for (int row = 0; row < rows; row++) {
            __m512i x = _mm512_set1_epi32((int)a[row * a_stride + k]);
            for (int v = 0; v < vectors; v++)
                sums[row][v] =
                    is_widened
                        ? _mm512_fmadd_ps((__m512)_mm512_and_si512(x, high),
                                          (__m512)_mm512_and_si512(columns[v], high),
                                          _mm512_fmadd_ps((__m512)_mm512_slli_epi32(x, 16),
                                                          (__m512)_mm512_slli_epi32(columns[v], 16),
                                                          sums[row][v]))
                        : _mm512_dpbf16_ps(sums[row][v], (__m512bh)x, (__m512bh)columns[v]);
        }
    }
    for (int row = 0; row < rows; row++)
        for (int v = 0; v < vectors; v++)
            _mm512_storeu_ps(c + row * c_stride + 16 * v, sums[row][v]);
}

/// The same for any number of rows and a multiple of 16 columns.
BFLOAT16_INLINE void products(const uint32_t *a, size_t a_stride, const uint32_t *b, size_t pairs,
                              float *c, size_t rows, size_t columns, const int is_widened) {
    size_t vectors = columns / 16, blocks = (vectors + 3) / 4;
    for (size_t block = 0; block < blocks; block++) {
        size_t first = block * vectors / blocks, count = (block + 1) * vectors / blocks - first;
        for (size_t row = 0; row < rows; row += 6) {
            const uint32_t *x = a + row * a_stride;
            float *y = c + row * columns + 16 * first;
            size_t n = rows - row < 6 ? rows - row : 6;
#define CASE(r, v)                                                                                 \
    case 8 * r + v:                                                                                \
        multiply(x, a_stride, b + 16 * first, columns, pairs, y, columns, r, v, is_widened);       \
        break;
#define CASES(r) CASE(r, 1) CASE(r, 2) CASE(r, 3) CASE(r, 4)
            switch (8 * n + count) { CASES(1) CASES(2) CASES(3) CASES(4) CASES(5) CASES(6) }
        }
    }
}

BFLOAT16
static void dot_products(const uint32_t *a, size_t a_stride, const uint32_t *b, size_t pairs,
                         float *c, size_t rows, size_t columns) {
    products(a, a_stride, b, pairs, c, rows, columns, 0);
}

BFLOAT16
static void widened_products(const uint32_t *a, size_t a_stride, const uint32_t *b, size_t pairs,
                             float *c, size_t rows, size_t columns) {
    products(a, a_stride, b, pairs, c, rows, columns, 1);
}

/// The same in the matrix registers, which take 16 pairs at a time.
DCAR_TILES
static void tiled_product(const uint32_t *a, size_t a_stride, const uint32_t *b, size_t pairs,
                          float *c, size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; row += TILE_SIDE) {
        size_t n = rows - row < TILE_SIDE ? rows - row : TILE_SIDE;
        if (row == 0 || n < TILE_SIDE) tiles_begin(n);
        for (size_t first = 0; first < columns; first += TILE_SIDE) {
            size_t wide = columns - first < TILE_SIDE ? columns - first : TILE_SIDE;
            tiles_sums((const uint8_t *)(a + row * a_stride), 4 * a_stride,
                       (const uint8_t *)(b + first), 4 * columns, pairs / TILE_WORDS,
                       (tiles_rest){0}, c + row * columns + first, columns, n, wide, 0);
        }
    }
    tiles_end();
}

static void product(dcar_way way, const uint32_t *a, size_t a_stride, const uint32_t *b,
                    size_t pairs, float *c, size_t rows, size_t columns) {
    switch (way) {
    case DCAR_DOT_PRODUCTS: dot_products(a, a_stride, b, pairs, c, rows, columns); break;
    case DCAR_NARROW:
    case DCAR_WIDENED: widened_products(a, a_stride, b, pairs, c, rows, columns); break;
    case DCAR_MATRIX_REGISTERS: tiled_product(a, a_stride, b, pairs, c, rows, columns); break;
    }
}

BFLOAT16_INLINE __mmask16 lanes(size_t left) {
    return left >= 16 ? 0xFFFF : (__mmask16)((1u << left) - 1);
}

/// Sixteen numbers as bfloat16, zeros after the first `left`.
BFLOAT16_INLINE __m256i narrowed(const float *x, size_t left) {
    return (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(lanes(left), x));
}

/// Sixteen numbers of a row from column `i` on as bfloat16, zeros where it has none.
BFLOAT16_INLINE __m256i narrowed_part(dcar_rows rows, size_t row, size_t i, size_t width) {
    if (row >= rows.count || i >= width) return _mm256_setzero_si256();
    return narrowed(rows.start + row * rows.stride + i, width - i);
}

/// Whole vectors, or whole steps along the inner axis of tiles.
static size_t padded(dcar_way way, size_t count) {
    size_t grain = way == DCAR_MATRIX_REGISTERS ? 2 * TILE_WORDS : 16;
    return (count + grain - 1) / grain * grain;
}

size_t dcar_attention_scratch(dcar_way way, size_t queries, size_t keys, size_t width) {
    size_t columns = padded(way, keys), wide = padded(way, width);
    size_t words = wide / 2 * (queries + columns + 16) + columns / 2 * (wide + queries);
    return 4 * (words + queries * (columns + wide));
}

BFLOAT16
void dcar_attention(dcar_way way, dcar_rows query, dcar_rows key, dcar_rows value, size_t width,
                    float scale, const float *bias, dcar_out out, size_t out_stride,
                    void *scratch) {
    size_t columns = padded(way, key.count), wide = padded(way, width), pairs = wide / 2;
    uint32_t *lines = scratch, *q = lines + 16 * pairs, *k = q + query.count * pairs;
    uint32_t *v = k + pairs * columns, *weights = v + columns / 2 * wide;
    float *scores = (float *)(weights + query.count * columns / 2);
    float *result = scores + query.count * columns;

    for (size_t row = 0; row < query.count; row++)
        for (size_t i = 0; i < wide; i += 16)
            _mm256_storeu_si256((__m256i *)(q + row * pairs + i / 2),
                                narrowed_part(query, row, i, width));
    for (size_t first = 0; first < columns; first += 16) {
        for (size_t row = first; row < first + 16; row++)
            for (size_t i = 0; i < wide; i += 16)
                _mm256_storeu_si256((__m256i *)(lines + (row - first) * pairs + i / 2),
                                    narrowed_part(key, row, i, width));
        for (size_t i = 0; i < pairs; i++)
            for (size_t row = 0; row < 16; row++)
                k[i * columns + first + row] = lines[row * pairs + i];
    }
    for (size_t row = 0; row < columns; row += 2)
        for (size_t i = 0; i < wide; i += 16) {
            __m256i even = narrowed_part(value, row, i, width);
            __m256i odd = narrowed_part(value, row + 1, i, width);
            _mm512_storeu_si512(
                v + row / 2 * wide + i,
                _mm512_or_si512(_mm512_cvtepu16_epi32(even),
                                _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd), 16)));
        }
    size_t used = way == DCAR_MATRIX_REGISTERS ? pairs : (width + 1) / 2;
    product(way, q, pairs, k, used, scores, query.count, columns);
    for (size_t row = 0; row < query.count; row++) {
        float *x = scores + row * columns;
        // Whole vectors are faster; what stands for no key is left out when the weights are narrowed.
        for (size_t i = key.count; i < columns; i++) x[i] = -INFINITY;
        dcar_softmax(x, 1, bias ? key.count : columns, scale,
                     bias ? bias + row * key.count : 0, 0);
        for (size_t i = 0; i < columns; i += 16)
            _mm256_storeu_si256((__m256i *)(weights + (row * columns + i) / 2),
                                narrowed(x + i, i < key.count ? key.count - i : 0));
    }
    product(way, weights, columns / 2, v, columns / 2, result, query.count, wide);
    dcar_copy_rows(result, wide, query.count, width, out, out_stride);
}
#endif
