// Matrix products in bfloat16 and of 8-bit integers. The weights are packed for them, and what
// follows a product happens to its sums in registers, on their way to where they are wanted.
#pragma clang diagnostic ignored "-Wpsabi"
#if defined(__x86_64__)
#include <immintrin.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#include "tiles.h"
#include "wide_product.h"
// Before the vector functions, so that they are compiled for the same processors.
#pragma clang attribute push(                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx512vnni"))),           \
    apply_to = function)
#include "vector.h"

/// Columns of a block of weights, and rows that are computed together: their sums fill 24 of the
/// 32 vector registers.
enum { BLOCK = 64, ROWS = 6 };
/// Words along the inner axis after which sums are put aside, so that a block of weights stays in
/// the second-level cache while all rows pass.
enum { DEPTH = 1024 };

/// The word at the end of a row that is not full.
DCAR_INLINE int32_t last_word(const uint8_t *bytes, size_t count) {
    int32_t word = 0;
    memcpy(&word, bytes, count);
    return word;
}

DCAR_INLINE __m512 add(__m512 sum, int32_t a, __m512i b, const int is_integer) {
    __m512i x = _mm512_set1_epi32(a);
    return is_integer ? (__m512)_mm512_dpbusd_epi32((__m512i)sum, x, b)
                      : _mm512_dpbf16_ps(sum, (__m512bh)x, (__m512bh)b);
}

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

/// A few rows times a few vectors of 16 columns. Each sum is one chain along the inner axis, so a
/// row's results do not depend on which others are computed with it.
DCAR_INLINE void tile(const uint8_t *a, size_t row_bytes, const uint32_t *b, size_t width,
                      size_t words, size_t tail, float *aside, int is_first, int is_last,
                      size_t row, size_t column, size_t columns, const dcar_destination *to,
                      const int rows, const int vectors, const int is_integer) {
    // Loops over registers must be unrolled, or the compiler keeps them in memory.
    __m512 sums[ROWS][4];
#define EACH_SUM _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++)                 \
    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++)
    if (is_first) {
        EACH_SUM sums[r][v] = _mm512_setzero_ps();
    } else {
        EACH_SUM sums[r][v] = _mm512_loadu_ps(aside + r * BLOCK + 16 * v);
    }
    for (size_t k = 0; k < words; k++) {
        __m512i weights[4];
        for (int v = 0; v < vectors; v++)
            weights[v] = _mm512_loadu_si512(b + k * width + 16 * v);
        for (int r = 0; r < rows; r++) {
            int32_t x;
            memcpy(&x, a + r * row_bytes + 4 * k, 4);
            for (int v = 0; v < vectors; v++) sums[r][v] = add(sums[r][v], x, weights[v], is_integer);
        }
    }
    if (tail && is_last) {
        for (int r = 0; r < rows; r++) {
            int32_t x = last_word(a + r * row_bytes + 4 * words, tail);
            for (int v = 0; v < vectors; v++)
                sums[r][v] = add(sums[r][v], x, _mm512_loadu_si512(b + words * width + 16 * v),
                                 is_integer);
        }
    }
    EACH_SUM _mm512_storeu_ps(aside + r * BLOCK + 16 * v, sums[r][v]);
    if (!is_last) return;
#define FINISH(activation)                                                                         \
    for (int v = 0; v < vectors; v++)                                                              \
        for (int r = 0; r < rows; r++)                                                             \
            finish(LOAD(aside + r * BLOCK + 16 * v), row + r, column + 16 * v, columns, to,        \
                   is_integer, activation)
    switch (to->epilogue.activation) {
    case DCAR_RELU: FINISH(DCAR_RELU); break;
    case DCAR_SILU: FINISH(DCAR_SILU); break;
    case DCAR_GELU: FINISH(DCAR_GELU); break;
    default: FINISH(DCAR_NONE);
    }
}

DCAR_INLINE void product(const uint8_t *a, size_t rows, size_t row_bytes, const uint32_t *b,
                         size_t columns, dcar_destination to, const int is_integer) {
    float aside[DCAR_PRODUCT_ROWS * BLOCK];
    size_t words = row_bytes / 4, tail = row_bytes % 4, all = (row_bytes + 3) / 4;
    size_t passes = words > DEPTH ? (words + DEPTH - 1) / DEPTH : 1;
    for (size_t column = 0; column < columns; column += BLOCK) {
        size_t left = columns - column < BLOCK ? columns - column : BLOCK;
        size_t vectors = (left + 15) / 16, width = 16 * vectors;
        for (size_t pass = 0; pass < passes; pass++) {
            size_t k = words * pass / passes, depth = words * (pass + 1) / passes - k;
            for (size_t row = 0; row < rows; row += ROWS) {
                size_t n = rows - row < ROWS ? rows - row : ROWS;
#define CASE(r, v)                                                                                 \
    case 8 * r + v:                                                                                \
        tile(a + row * row_bytes + 4 * k, row_bytes, b + k * width, width, depth, tail,            \
             aside + (passes > 1 ? row * BLOCK : 0), pass == 0, pass + 1 == passes, row, column,   \
             columns, &to, r, v, is_integer);                                                      \
        break;
#define CASES(r) CASE(r, 1) CASE(r, 2) CASE(r, 3) CASE(r, 4)
                switch (8 * n + vectors) {
                    CASES(1) CASES(2) CASES(3) CASES(4) CASES(5) CASES(6)
                }
            }
        }
        b += all * width;
    }
}

static void vector_bfloat16(const void *a, size_t rows, size_t row_bytes, const void *b,
                            size_t columns, dcar_destination to) {
    product(a, rows, row_bytes, b, columns, to, 0);
}

static void vector_int8(const void *a, size_t rows, size_t row_bytes, const void *b,
                        size_t columns, dcar_destination to) {
    product(a, rows, row_bytes, b, columns, to, 1);
}
#pragma clang attribute pop

/// The sums of a few rows and 16 columns, with what follows them.
DCAR_TILES_INLINE void finish_column(const float *sums, size_t rows, size_t row, size_t column,
                                     const dcar_destination *to, const int is_integer,
                                     const dcar_activation activation) {
    const dcar_epilogue *e = &to->epilogue;
    v16 bias = e->bias ? LOAD(e->bias + column) : SPLAT(0.f), scale = SPLAT(1.f);
    i16 sum = {0};
    if (is_integer) {
        sum = *(const i16 *)(e->column_sum + column);
        scale = LOAD(e->column_scale + column);
    }
    for (size_t r = 0; r < rows; r++) {
        v16 x = LOAD(sums + r * TILE_SIDE);
        if (is_integer)
            x = __builtin_convertvector((i16)x - e->row_zero[row + r] * sum, v16) * scale
                * e->row_scale[row + r];
        x = activate(x + bias, activation);
        if (e->addend) x += LOAD(e->addend + (row + r) * e->addend_stride + column);
        size_t at = (row + r) * to->out_stride + column;
        if (to->out.is_bfloat16) {
            _mm256_storeu_si256((__m256i *)((uint16_t *)to->out.start + at),
                                (__m256i)_mm512_cvtneps_pbh((__m512)x));
        } else {
            STORE((float *)to->out.start + at, x);
        }
    }
}

DCAR_TILES_INLINE void finish_tile(const float *sums, size_t rows, size_t row, size_t column,
                                   size_t width, size_t columns, const dcar_destination *to,
                                   const int is_integer) {
#define FINISH_TILE(activation)                                                                    \
    for (size_t v = 0; v < width; v += 16) {                                                       \
        if (column + v + 16 <= columns) {                                                          \
            finish_column(sums + v, rows, row, column + v, to, is_integer, activation);            \
        } else {                                                                                   \
            for (size_t r = 0; r < rows; r++)                                                      \
                finish(LOAD(sums + r * TILE_SIDE + v), row + r, column + v, columns, to,           \
                       is_integer, activation);                                                    \
        }                                                                                          \
    }
    switch (to->epilogue.activation) {
    case DCAR_RELU: FINISH_TILE(DCAR_RELU); break;
    case DCAR_SILU: FINISH_TILE(DCAR_SILU); break;
    case DCAR_GELU: FINISH_TILE(DCAR_GELU); break;
    default: FINISH_TILE(DCAR_NONE);
    }
}

/// The same product in the matrix registers.
DCAR_TILES_INLINE void tiled_product(const uint8_t *a, size_t rows, size_t row_bytes,
                                     const uint8_t *b, size_t columns, dcar_destination to,
                                     const int is_integer) {
    _Alignas(64) uint8_t rest_a[TILE_SIDE * 64], rest_b[TILE_WORDS * 4 * BLOCK];
    _Alignas(64) float sums[TILE_SIDE * TILE_SIDE];
    size_t steps = row_bytes / 64, left = row_bytes % 64, words = (row_bytes + 3) / 4;
    size_t ready = 0;
    for (size_t column = 0; column < columns; column += BLOCK) {
        size_t block = columns - column < BLOCK ? columns - column : BLOCK;
        size_t width = (block + 15) / 16 * 16, stride = 4 * width;
        if (left) {
            memset(rest_b, 0, sizeof rest_b);
            memcpy(rest_b, b + steps * TILE_WORDS * stride, (left + 3) / 4 * stride);
        }
        for (size_t row = 0; row < rows; row += TILE_SIDE) {
            size_t n = rows - row < TILE_SIDE ? rows - row : TILE_SIDE;
            const uint8_t *from = a + row * row_bytes;
            if (n != ready) tiles_begin(ready = n);
            if (left) {
                memset(rest_a, 0, sizeof rest_a);
                for (size_t r = 0; r < n; r++)
                    memcpy(rest_a + 64 * r, from + r * row_bytes + 64 * steps, left);
            }
            for (size_t first = 0; first < width; first += TILE_SIDE) {
                size_t wide = width - first < TILE_SIDE ? width - first : TILE_SIDE;
                tiles_rest rest = {left ? rest_a : 0, rest_b + 4 * first, stride};
                tiles_sums(from, row_bytes, b + 4 * first, stride, steps, rest, sums, TILE_SIDE,
                           n, wide, is_integer);
                finish_tile(sums, n, row, column + first, wide, columns, &to, is_integer);
            }
        }
        b += words * stride;
    }
    tiles_end();
}

DCAR_TILES
static void tiled_bfloat16(const void *a, size_t rows, size_t row_bytes, const void *b,
                           size_t columns, dcar_destination to) {
    tiled_product(a, rows, row_bytes, b, columns, to, 0);
}

DCAR_TILES
static void tiled_int8(const void *a, size_t rows, size_t row_bytes, const void *b,
                       size_t columns, dcar_destination to) {
    tiled_product(a, rows, row_bytes, b, columns, to, 1);
}

int dcar_is_intel(void) { return __builtin_cpu_is("intel"); }

int dcar_allow_tiles(void) {
    // The system lends the state of the tiles only to a process that asks.
#if defined(__linux__)
    enum { REQUEST = 0x1023, TILE_DATA = 18 };
    return syscall(SYS_arch_prctl, REQUEST, TILE_DATA) == 0;
#else
    return 0;
#endif
}

void dcar_product_bfloat16(dcar_way way, const void *a, size_t rows, size_t row_bytes,
                           const void *b, size_t columns, dcar_epilogue epilogue, dcar_out out,
                           size_t out_stride) {
    dcar_destination to = {epilogue, out, out_stride};
    switch (way) {
    case DCAR_DOT_PRODUCTS: vector_bfloat16(a, rows, row_bytes, b, columns, to); break;
    case DCAR_WIDENED: dcar_product_widened(a, rows, row_bytes / 2, b, columns, to); break;
    case DCAR_MATRIX_REGISTERS: tiled_bfloat16(a, rows, row_bytes, b, columns, to); break;
    }
}

void dcar_product_int8(int tiles, const void *a, size_t rows, size_t row_bytes, const void *b,
                       size_t columns, dcar_epilogue epilogue, dcar_out out, size_t out_stride) {
    dcar_destination to = {epilogue, out, out_stride};
    if (tiles) {
        tiled_int8(a, rows, row_bytes, b, columns, to);
    } else {
        vector_int8(a, rows, row_bytes, b, columns, to);
    }
}
#endif
