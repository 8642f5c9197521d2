// Sums of products in the matrix registers of processors that have them (Intel AMX): eight tiles of
// sixteen rows of 64 bytes.
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define DCAR_TILES                                                                                \
    __attribute__((target("amx-tile,amx-bf16,amx-int8,avx512f,avx512bw,avx512vl,avx512dq,"        \
                          "avx512bf16,avx512vnni")))
#define DCAR_TILES_INLINE DCAR_TILES static inline __attribute__((always_inline))

/// Rows and columns whose sums fill four tiles, and the words of four bytes along the inner axis
/// that one instruction takes.
enum { TILE_SIDE = 32, TILE_WORDS = 16 };

/// Readies the tiles of this thread for the sums of `rows` rows, at most `TILE_SIDE`.
DCAR_TILES_INLINE void tiles_begin(size_t rows) {
    struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } shape = {.palette = 1};
    for (int tile = 0; tile < 8; tile++) {
        shape.row_bytes[tile] = 64;
        shape.rows[tile] = 16;
    }
    // Sums are tiles 0 and 1, and 2 and 3 below them; the rows that they are of, 4 and 5.
    uint8_t upper = rows < 16 ? (uint8_t)rows : 16;
    uint8_t lower = rows > 16 ? (uint8_t)(rows - 16) : 16;
    shape.rows[0] = shape.rows[1] = shape.rows[4] = upper;
    shape.rows[2] = shape.rows[3] = shape.rows[5] = lower;
    _tile_loadconfig(&shape);
}

DCAR_TILES_INLINE void tiles_end(void) { _tile_release(); }

/// One step along the inner axis. Strides are bytes.
DCAR_TILES_INLINE void tiles_add(const uint8_t *a, size_t a_stride, const uint8_t *b,
                                 size_t b_stride, const int is_tall, const int is_wide,
                                 const int is_integer) {
#define ADD(sum, x, y)                                                                            \
    if (is_integer) {                                                                             \
        _tile_dpbusd(sum, x, y);                                                                  \
    } else {                                                                                      \
        _tile_dpbf16ps(sum, x, y);                                                                \
    }
    _tile_loadd(4, a, a_stride);
    _tile_loadd(6, b, b_stride);
    ADD(0, 4, 6)
    if (is_wide) {
        _tile_loadd(7, b + 64, b_stride);
        ADD(1, 4, 7)
    }
    if (is_tall) {
        _tile_loadd(5, a + 16 * a_stride, a_stride);
        ADD(2, 5, 6)
        if (is_wide) { ADD(3, 5, 7) }
    }
#undef ADD
}

/// What is left along the inner axis after whole steps, padded with zeros: of rows and of columns.
typedef struct {
    const uint8_t *a, *b;
    size_t b_stride;
} tiles_rest;

DCAR_TILES_INLINE void tiles_shape(const uint8_t *a, size_t a_stride, const uint8_t *b,
                                   size_t b_stride, size_t steps, tiles_rest rest, float *out,
                                   size_t out_stride, const int is_tall, const int is_wide,
                                   const int is_integer) {
    _tile_zero(0);
    if (is_wide) _tile_zero(1);
    if (is_tall) _tile_zero(2);
    if (is_tall && is_wide) _tile_zero(3);
    for (size_t step = 0; step < steps; step++)
        tiles_add(a + 64 * step, a_stride, b + TILE_WORDS * step * b_stride, b_stride, is_tall,
                  is_wide, is_integer);
    if (rest.a) tiles_add(rest.a, 64, rest.b, rest.b_stride, is_tall, is_wide, is_integer);
    _tile_stored(0, out, 4 * out_stride);
    if (is_wide) _tile_stored(1, out + 16, 4 * out_stride);
    if (is_tall) _tile_stored(2, out + 16 * out_stride, 4 * out_stride);
    if (is_tall && is_wide) _tile_stored(3, out + 16 * out_stride + 16, 4 * out_stride);
}

/// out = A B for the rows that `tiles_begin` was told and 16 or 32 columns. Rows of A hold
/// bfloat16 or uint8, words of B two or four of their fellows along the inner axis. Strides of A
/// and B are bytes, that of `out` numbers, which are int32 for integers.
DCAR_TILES_INLINE void tiles_sums(const uint8_t *a, size_t a_stride, const uint8_t *b,
                                  size_t b_stride, size_t steps, tiles_rest rest, float *out,
                                  size_t out_stride, size_t rows, size_t columns,
                                  const int is_integer) {
#define SHAPE(tall, wide)                                                                         \
    tiles_shape(a, a_stride, b, b_stride, steps, rest, out, out_stride, tall, wide, is_integer)
    if (rows > 16) {
        if (columns > 16) {
            SHAPE(1, 1);
        } else {
            SHAPE(1, 0);
        }
    } else if (columns > 16) {
        SHAPE(0, 1);
    } else {
        SHAPE(0, 0);
    }
#undef SHAPE
}
#endif
