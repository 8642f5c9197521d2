// Matrix products by multiply-adds of float32 numbers for processors whose vectors hold eight or
// four: of float32, and of bfloat16, which is widened in stretches that stay in cache while all rows
// of a call pass. The weights are packed for them, and what follows a product happens to its sums on
// their way to where they are wanted.
#pragma clang diagnostic ignored "-Wpsabi"
#include "narrow_product.h"
#include "vector.h"
#include "wide_product.h"

/// Columns of a block of weights, and rows that are computed together: their sums fill twelve of
/// AVX2's sixteen registers.
enum { BLOCK = 16, ROWS = 6 };
/// Numbers along the inner axis after which sums are put aside, so that a stretch of the rows stays
/// in the second-level cache while all blocks pass; and columns whose sums are put aside together.
enum { DEPTH = 512, COLUMNS = 192 };
/// The same of numbers that are widened, of which there are two copies; and columns of weights in
/// bfloat16 that come together.
enum { WIDENED_DEPTH = 128, WIDENED_BLOCK = 64 };
enum { STRETCH = 16 };

size_t dcar_packed_floats(size_t rows, size_t columns) {
    return (rows + BLOCK - 1) / BLOCK * BLOCK * columns;
}

void dcar_pack_floats(const float *x, size_t rows, size_t columns, float *out) {
    for (size_t first = 0; first < rows; first += BLOCK, out += BLOCK * columns)
        // In stretches, so that what is written stays in the nearest cache until it is complete.
        for (size_t start = 0; start < columns; start += STRETCH) {
            size_t end = columns - start < STRETCH ? columns : start + STRETCH;
            for (size_t row = 0; row < BLOCK; row++) {
                const float *from = x + (first + row) * columns;
                int is_there = first + row < rows;
                for (size_t column = start; column < end; column++)
                    out[column * BLOCK + row] = is_there ? from[column] : 0.f;
            }
        }
}

void dcar_unpack_floats(const float *packed, size_t rows, size_t columns, float *out) {
    for (size_t row = 0; row < rows; row++)
        for (size_t column = 0; column < columns; column++)
            out[row * columns + column] =
                packed[(row / BLOCK * columns + column) * BLOCK + row % BLOCK];
}

/// The sums of a few rows and a block of columns over a stretch of the inner axis, from those that
/// are there. Each is one chain along the inner axis, so a row's results do not depend on which
/// others are computed with it.
DCAR_INLINE void add_products(const float *a, size_t stride, const float *b, size_t depth,
                              float *sums, const int is_first, const int rows) {
    v16 sum[ROWS];
    // Loops over registers must be unrolled, or the compiler keeps them in memory.
#define EACH_ROW _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++)
    EACH_ROW sum[r] = is_first ? SPLAT(0.f) : LOAD(sums + r * BLOCK);
    for (size_t k = 0; k < depth; k++) {
        v16 weights = LOAD(b + k * BLOCK);
        EACH_ROW sum[r] += a[r * stride + k] * weights;
    }
    EACH_ROW STORE(sums + r * BLOCK, sum[r]);
#undef EACH_ROW
}

/// The same for all rows.
DCAR_INLINE void add_rows(const float *a, size_t stride, size_t rows, const float *b, size_t depth,
                          float *sums, int is_first) {
    for (size_t row = 0; row < rows; row += ROWS) {
        size_t n = rows - row < ROWS ? rows - row : ROWS;
#define CASE(r)                                                                                    \
    case r:                                                                                        \
        if (is_first) {                                                                            \
            add_products(a + row * stride, stride, b, depth, sums + row * BLOCK, 1, r);            \
        } else {                                                                                   \
            add_products(a + row * stride, stride, b, depth, sums + row * BLOCK, 0, r);            \
        }                                                                                          \
        break;
        switch (n) { CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) }
#undef CASE
    }
}

DCAR_CLONES
static void narrow_product(const float *a, size_t rows, size_t inner, const float *b,
                           size_t columns, dcar_destination to) {
    float sums[DCAR_PRODUCT_ROWS * COLUMNS];
    size_t passes = inner > DEPTH ? (inner + DEPTH - 1) / DEPTH : 1;
    for (size_t chunk = 0; chunk < columns; chunk += COLUMNS) {
        size_t end = columns - chunk < COLUMNS ? columns : chunk + COLUMNS;
        for (size_t pass = 0; pass < passes; pass++) {
            size_t k = inner * pass / passes, depth = inner * (pass + 1) / passes - k;
            for (size_t column = chunk; column < end; column += BLOCK) {
                const float *weights = b + column * inner + k * BLOCK;
                float *block = sums + (column - chunk) * rows;
                add_rows(a + k, inner, rows, weights, depth, block, pass == 0);
                if (pass + 1 < passes) continue;
                finish_sums(block, BLOCK, rows, column, columns, &to);
            }
        }
    }
}

/// `count` numbers.
DCAR_INLINE void widen_row(const uint16_t *x, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)x[i] << 16;
        memcpy(out + i, &bits, 4);
    }
}

/// Words of two neighbours along the inner axis, of `width` columns each, as blocks of 16 columns.
DCAR_INLINE void widen_weights(const uint32_t *x, size_t words, size_t width, float *out) {
    for (size_t first = 0; first < width; first += BLOCK)
        for (size_t word = 0; word < words; word++, out += 2 * BLOCK) {
            u16 pair = *(const u16 *)(x + word * width + first);
            STORE(out, (v16)(pair << 16));
            STORE(out + BLOCK, (v16)(pair & 0xFFFF0000));
        }
}

DCAR_CLONES
void dcar_product_narrow_widened(const uint16_t *a, size_t rows, size_t inner, const uint32_t *b,
                                 size_t columns, dcar_destination to) {
    float wide_a[DCAR_PRODUCT_ROWS * WIDENED_DEPTH], wide_b[WIDENED_BLOCK * WIDENED_DEPTH];
    float sums[DCAR_PRODUCT_ROWS * COLUMNS];
    size_t words = (inner + 1) / 2;
    for (size_t chunk = 0; chunk < columns; chunk += COLUMNS) {
        size_t end = columns - chunk < COLUMNS ? columns : chunk + COLUMNS;
        for (size_t k = 0; k < inner; k += WIDENED_DEPTH) {
            size_t depth = inner - k < WIDENED_DEPTH ? inner - k : WIDENED_DEPTH;
            for (size_t row = 0; row < rows; row++)
                widen_row(a + row * inner + k, depth, wide_a + row * WIDENED_DEPTH);
            for (size_t first = chunk; first < end; first += WIDENED_BLOCK) {
                size_t left = columns - first < WIDENED_BLOCK ? columns - first : WIDENED_BLOCK;
                size_t width = (left + BLOCK - 1) / BLOCK * BLOCK, pairs = (depth + 1) / 2;
                // All blocks before this one are full.
                widen_weights(b + first * words + k / 2 * width, pairs, width, wide_b);
                for (size_t i = 0; i < width; i += BLOCK)
                    add_rows(wide_a, WIDENED_DEPTH, rows, wide_b + 2 * i * pairs, depth,
                             sums + (first - chunk + i) * rows, k == 0);
            }
        }
        for (size_t column = chunk; column < end; column += BLOCK)
            finish_sums(sums + (column - chunk) * rows, BLOCK, rows, column, columns, &to);
    }
}

void dcar_product_float32(int is_wide, const float *a, size_t rows, size_t inner, const float *b,
                          size_t columns, dcar_epilogue epilogue, dcar_out out,
                          size_t out_stride) {
    dcar_destination to = {epilogue, out, out_stride};
#if defined(__x86_64__)
    if (is_wide) {
        dcar_product_wide_floats(a, rows, inner, b, columns, to);
        return;
    }
#endif
    narrow_product(a, rows, inner, b, columns, to);
}
