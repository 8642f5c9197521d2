// The matrix product of words of four bytes, which hold neighbours along the inner axis, by dot
// products of words. Included where these macros say how, for the processors that "vector.h" is
// compiled for:
//   DOT(sum, x, weights)  sums of 16 columns with the dot products of a word of a row and of theirs;
//   VECTORS               vectors of 16 columns that are computed together, 4 or 1;
//   DEPTH                 words along the inner axis after which sums are put aside, so that a
//                         stretch of the weights stays in a near cache while all rows pass.

/// Columns of a block of weights, and rows that are computed together: their sums fill three
/// quarters of the vector registers.
enum { BLOCK = 64, ROWS = 6 };

/// The word at the end of a row that is not full.
DCAR_INLINE int32_t last_word(const uint8_t *bytes, size_t count) {
    int32_t word = 0;
    memcpy(&word, bytes, count);
    return word;
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
    store_out(to->out, row * to->out_stride + column, left, x);
}

/// A few rows times a few vectors of 16 columns. Each sum is one chain along the inner axis, so a
/// row's results do not depend on which others are computed with it.
DCAR_INLINE void tile(const uint8_t *a, size_t row_bytes, const uint32_t *b, size_t width,
                      size_t words, size_t tail, float *aside, int is_first, int is_last,
                      size_t row, size_t column, size_t columns, const dcar_destination *to,
                      const int rows, const int vectors, const int is_integer) {
    // Loops over registers must be unrolled, or the compiler keeps them in memory.
    v16 sums[ROWS][VECTORS];
#define EACH_SUM _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++)                 \
    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++)
    if (is_first) {
        EACH_SUM sums[r][v] = SPLAT(0.f);
    } else {
        EACH_SUM sums[r][v] = LOAD(aside + r * BLOCK + 16 * v);
    }
    for (size_t k = 0; k < words; k++) {
        i16 weights[VECTORS];
        for (int v = 0; v < vectors; v++) weights[v] = *(const i16 *)(b + k * width + 16 * v);
        for (int r = 0; r < rows; r++) {
            int32_t x;
            memcpy(&x, a + r * row_bytes + 4 * k, 4);
            for (int v = 0; v < vectors; v++) sums[r][v] = DOT(sums[r][v], x, weights[v]);
        }
    }
    if (tail && is_last) {
        for (int r = 0; r < rows; r++) {
            int32_t x = last_word(a + r * row_bytes + 4 * words, tail);
            for (int v = 0; v < vectors; v++)
                sums[r][v] = DOT(sums[r][v], x, *(const i16 *)(b + words * width + 16 * v));
        }
    }
    EACH_SUM STORE(aside + r * BLOCK + 16 * v, sums[r][v]);
#undef EACH_SUM
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
#undef FINISH
}

DCAR_INLINE void vector_product(const uint8_t *a, size_t rows, size_t row_bytes, const uint32_t *b,
                                size_t columns, dcar_destination to, const int is_integer) {
    float aside[DCAR_PRODUCT_ROWS * BLOCK];
    size_t words = row_bytes / 4, tail = row_bytes % 4, all = (row_bytes + 3) / 4;
    size_t passes = words > DEPTH ? (words + DEPTH - 1) / DEPTH : 1;
    for (size_t block = 0; block < columns; block += BLOCK) {
        size_t left = columns - block < BLOCK ? columns - block : BLOCK;
        size_t all_vectors = (left + 15) / 16, width = 16 * all_vectors;
        for (size_t first = 0; first < all_vectors; first += VECTORS) {
            size_t vectors = all_vectors - first < VECTORS ? all_vectors - first : VECTORS;
            for (size_t pass = 0; pass < passes; pass++) {
                size_t k = words * pass / passes, depth = words * (pass + 1) / passes - k;
                for (size_t row = 0; row < rows; row += ROWS) {
                    size_t n = rows - row < ROWS ? rows - row : ROWS;
#define CASE(r, v)                                                                                 \
    case 8 * r + v:                                                                                \
        tile(a + row * row_bytes + 4 * k, row_bytes, b + k * width + 16 * first, width, depth,     \
             tail, aside + (passes > 1 ? row * BLOCK : 0), pass == 0, pass + 1 == passes, row,     \
             block + 16 * first, columns, &to, r, v, is_integer);                                  \
        break;
#if VECTORS == 4
#define CASES(r) CASE(r, 1) CASE(r, 2) CASE(r, 3) CASE(r, 4)
#else
#define CASES(r) CASE(r, 1)
#endif
                    switch (8 * n + vectors) {
                        CASES(1) CASES(2) CASES(3) CASES(4) CASES(5) CASES(6)
                    }
#undef CASES
#undef CASE
                }
            }
        }
        b += all * width;
    }
}
