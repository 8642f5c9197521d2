// Matrix products in bfloat16 and of 8-bit integers. The weights are packed for them, and what
// follows a product happens to its sums in registers, on their way to where they are wanted.
#pragma clang diagnostic ignored "-Wpsabi"
#if defined(__x86_64__)
#include <immintrin.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#include "integer_product.h"
#include "narrow_product.h"
#include "tiles.h"
#include "wide_product.h"
// Before the vector functions, so that they are compiled for the same processors.
#pragma clang attribute push(                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"))),                      \
    apply_to = function)
#define DCAR_NARROWED(x) ((h16)_mm512_cvtneps_pbh((__m512)(x)))
#include "vector.h"

#define DOT(sum, x, weights)                                                                       \
    ((v16)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)_mm512_set1_epi32(x), (__m512bh)(weights)))
#define VECTORS 4
enum { DEPTH = 1024 };
#include "vector_product.h"

static void dot_products(const void *a, size_t rows, size_t row_bytes, const void *b,
                         size_t columns, dcar_destination to) {
    vector_product(a, rows, row_bytes, b, columns, to, 0);
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
        store_out(to->out, at, 16, x);
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
    case DCAR_DOT_PRODUCTS: dot_products(a, rows, row_bytes, b, columns, to); break;
    case DCAR_WIDENED: dcar_product_widened(a, rows, row_bytes / 2, b, columns, to); break;
    case DCAR_NARROW: dcar_product_narrow_widened(a, rows, row_bytes / 2, b, columns, to); break;
    case DCAR_MATRIX_REGISTERS: tiled_bfloat16(a, rows, row_bytes, b, columns, to); break;
    }
}

void dcar_product_int8(dcar_way way, const void *a, size_t rows, size_t row_bytes, const void *b,
                       size_t columns, dcar_epilogue epilogue, dcar_out out, size_t out_stride) {
    dcar_destination to = {epilogue, out, out_stride};
    switch (way) {
    case DCAR_DOT_PRODUCTS:
    case DCAR_WIDENED: dcar_product_wide_integers(a, rows, row_bytes, b, columns, to); break;
    case DCAR_NARROW: dcar_product_narrow_integers(a, rows, row_bytes, b, columns, to); break;
    case DCAR_MATRIX_REGISTERS: tiled_int8(a, rows, row_bytes, b, columns, to); break;
    }
}
#endif
