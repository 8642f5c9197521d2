// Matrix products by multiply-adds of sixteen float32 numbers: of float32, and of bfloat16 for
// processors that do one dot product of sixteen pairs in the time of four of those. Numbers of
// bfloat16 are widened in stretches that stay in cache while all rows and columns of a call pass.
#pragma clang diagnostic ignored "-Wpsabi"
#if defined(__x86_64__)
#include <immintrin.h>
#include "wide_product.h"
// Before the vector functions, so that they are compiled for the same processors.
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"))),        \
                             apply_to = function)
#include "vector.h"

/// Columns that are computed together, and rows: their sums fill 24 of the 32 vector registers.
enum { BLOCK = 64, ROWS = 6 };
/// Numbers along the inner axis after which sums are put aside, and columns whose sums are put
/// aside together.
enum { DEPTH = 128, COLUMNS = 192 };
/// Cache lines of weights in bfloat16 that are fetched at a turn, so that the next ones are there
/// after 128 rows.
enum { SHARE = 12 };

/// `count` numbers, and zeros up to a multiple of 16.
DCAR_INLINE void widen_row(const uint16_t *x, size_t count, float *out) {
    for (size_t i = 0; i < count; i += 16) {
        size_t left = count - i;
        __mmask16 there = left >= 16 ? 0xFFFF : (__mmask16)((1u << left) - 1);
        __m256i bits = _mm256_maskz_loadu_epi16(there, x + i);
        _mm512_storeu_si512(out + i, _mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
    }
}

/// Words of two neighbours along the inner axis as two lines of numbers.
DCAR_INLINE void widen_weights(const uint32_t *x, size_t words, size_t width, float *out) {
    const __m512i high = _mm512_set1_epi32((int)0xFFFF0000);
    for (size_t word = 0; word < words; word++, x += width, out += 2 * width)
        for (size_t i = 0; i < width; i += 16) {
            __m512i pair = _mm512_loadu_si512(x + i);
            _mm512_storeu_si512(out + i, _mm512_slli_epi32(pair, 16));
            _mm512_storeu_si512(out + width + i, _mm512_and_si512(pair, high));
        }
}

/// Weights of a block of columns: vectors of 16 columns, `vector` numbers apart, for each step of
/// `step` numbers along the inner axis.
typedef struct {
    const float *start;
    size_t step, vector;
} block_weights;

/// Adds the products of a few rows and a few vectors of 16 columns to their sums. Each sum is one
/// chain along the inner axis, so a row's results do not depend on which others are computed with
/// it.
DCAR_INLINE void add_products(const float *a, size_t stride, block_weights b, size_t depth,
                              float *sums, const int rows, const int vectors) {
    __m512 sum[ROWS][4];
    // Loops over registers must be unrolled, or the compiler keeps them in memory.
#define EACH_SUM _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++)                 \
    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++)
    EACH_SUM sum[r][v] = _mm512_loadu_ps(sums + r * BLOCK + 16 * v);
    for (size_t k = 0; k < depth; k++) {
        __m512 weights[4];
        for (int v = 0; v < vectors; v++)
            weights[v] = _mm512_loadu_ps(b.start + k * b.step + v * b.vector);
        for (int r = 0; r < rows; r++) {
            __m512 x = _mm512_set1_ps(a[r * stride + k]);
            for (int v = 0; v < vectors; v++) sum[r][v] = _mm512_fmadd_ps(x, weights[v], sum[r][v]);
        }
    }
    EACH_SUM _mm512_storeu_ps(sums + r * BLOCK + 16 * v, sum[r][v]);
#undef EACH_SUM
}

/// The same for all rows.
DCAR_INLINE void add_block(const float *a, size_t stride, size_t rows, block_weights b,
                           size_t depth, size_t vectors, float *sums, const void *next,
                           const int share) {
    const char *line = next;
    for (size_t row = 0; row < rows; row += ROWS) {
        for (int i = 0; i < share; i++, line += 64) _mm_prefetch(line, _MM_HINT_T0);
        size_t n = rows - row < ROWS ? rows - row : ROWS;
#define CASE(r, v)                                                                                 \
    case 8 * r + v:                                                                                \
        add_products(a + row * stride, stride, b, depth, sums + row * BLOCK, r, v);                \
        break;
#define CASES(r) CASE(r, 1) CASE(r, 2) CASE(r, 3) CASE(r, 4)
        switch (8 * n + vectors) { CASES(1) CASES(2) CASES(3) CASES(4) CASES(5) CASES(6) }
    }
}

/// Asks for the lines of a block of results, which would be read before they are written.
static void fetch_results(const dcar_destination *to, size_t rows, size_t column, size_t count) {
    // Of bfloat16 there are half as many; fetching them was measured to gain nothing.
    if (to->out.is_bfloat16) return;
    for (size_t row = 0; row < rows; row++)
        for (size_t i = 0; i < count; i += 16)
            __builtin_prefetch((float *)to->out.start + row * to->out_stride + column + i, 1, 2);
}

/// What follows the sums of the columns chunk ..< end.
static void finish_chunk(const float *sums, size_t rows, size_t chunk, size_t end, size_t columns,
                         const dcar_destination *to) {
    for (size_t column = chunk; column < end; column += 16) {
        size_t block = (column - chunk) / BLOCK * BLOCK;
        finish_sums(sums + block * rows + (column - chunk - block), BLOCK, rows, column, columns,
                    to);
    }
}

void dcar_product_widened(const uint16_t *a, size_t rows, size_t inner, const uint32_t *b,
                          size_t columns, dcar_destination to) {
    _Alignas(64) float wide_a[DCAR_PRODUCT_ROWS * DEPTH], wide_b[BLOCK * DEPTH];
    _Alignas(64) float sums[DCAR_PRODUCT_ROWS * COLUMNS];
    size_t words = (inner + 1) / 2;
    for (size_t chunk = 0; chunk < columns; chunk += COLUMNS) {
        size_t end = columns - chunk < COLUMNS ? columns : chunk + COLUMNS;
        memset(sums, 0, (end - chunk + BLOCK - 1) / BLOCK * BLOCK * rows * sizeof(float));
        for (size_t k = 0; k < inner; k += DEPTH) {
            size_t depth = inner - k < DEPTH ? inner - k : DEPTH;
            for (size_t row = 0; row < rows; row++)
                widen_row(a + row * inner + k, depth, wide_a + row * DEPTH);
            for (size_t column = chunk; column < end; column += BLOCK) {
                size_t left = columns - column < BLOCK ? columns - column : BLOCK;
                size_t vectors = (left + 15) / 16, width = 16 * vectors;
                // All blocks before this one are full.
                const uint32_t *weights = b + column * words + k / 2 * width;
                // What comes next: the same stretch of the next block, or the next one of the first.
                const uint32_t *next = weights;
                if (column + 2 * BLOCK <= end) {
                    next = weights + BLOCK * words;
                } else if (k + DEPTH < inner && chunk + BLOCK <= end) {
                    next = b + chunk * words + (k + DEPTH) / 2 * BLOCK;
                }
                widen_weights(weights, (depth + 1) / 2, width, wide_b);
                if (k + depth == inner) fetch_results(&to, rows, column, left);
                add_block(wide_a, DEPTH, rows, (block_weights){wide_b, width, 16}, depth, vectors,
                          sums + (column - chunk) * rows, next, SHARE);
            }
        }
        finish_chunk(sums, rows, chunk, end, columns, &to);
    }
}

void dcar_product_wide_floats(const float *a, size_t rows, size_t inner, const float *b,
                              size_t columns, dcar_destination to) {
    _Alignas(64) float sums[DCAR_PRODUCT_ROWS * COLUMNS];
    for (size_t chunk = 0; chunk < columns; chunk += COLUMNS) {
        size_t end = columns - chunk < COLUMNS ? columns : chunk + COLUMNS;
        memset(sums, 0, (end - chunk + BLOCK - 1) / BLOCK * BLOCK * rows * sizeof(float));
        for (size_t k = 0; k < inner; k += DEPTH) {
            size_t depth = inner - k < DEPTH ? inner - k : DEPTH;
            for (size_t column = chunk; column < end; column += BLOCK) {
                size_t left = columns - column < BLOCK ? columns - column : BLOCK;
                // They are packed in blocks of 16 columns.
                block_weights weights = {b + column * inner + 16 * k, 16, 16 * inner};
                if (k + depth == inner) fetch_results(&to, rows, column, left);
                add_block(a + k, inner, rows, weights, depth, (left + 15) / 16,
                          sums + (column - chunk) * rows, weights.start, 0);
            }
        }
        finish_chunk(sums, rows, chunk, end, columns, &to);
    }
}
#pragma clang attribute pop
#endif
