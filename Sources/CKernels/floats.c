// Matrix products in float32, here for processors whose vectors hold eight numbers or four. The
// weights are packed for them, and what follows a product happens to its sums on their way to where
// they are wanted.
#pragma clang diagnostic ignored "-Wpsabi"
#include "vector.h"
#include "wide_product.h"

/// Columns of a block of weights, and rows that are computed together: their sums fill twelve of
/// AVX2's sixteen registers.
enum { BLOCK = 16, ROWS = 6 };
/// Numbers along the inner axis after which sums are put aside, so that a stretch of the rows stays
/// in the second-level cache while all blocks pass; and columns whose sums are put aside together.
enum { DEPTH = 512, COLUMNS = 192 };
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
                for (size_t row = 0; row < rows; row += ROWS) {
                    size_t n = rows - row < ROWS ? rows - row : ROWS;
                    const float *x = a + row * inner + k;
                    float *aside = block + row * BLOCK;
#define CASE(r)                                                                                    \
    case r:                                                                                        \
        if (pass == 0) {                                                                           \
            add_products(x, inner, weights, depth, aside, 1, r);                                   \
        } else {                                                                                   \
            add_products(x, inner, weights, depth, aside, 0, r);                                   \
        }                                                                                          \
        break;
                    switch (n) { CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) }
#undef CASE
                }
                if (pass + 1 < passes) continue;
                finish_sums(block, BLOCK, rows, column, columns, &to);
            }
        }
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
