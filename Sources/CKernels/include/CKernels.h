// Vector kernels over rows of float32 numbers: everything between two matrix products.
//
// Each is compiled for several instruction sets and the processor picks one when the program
// starts. Sums run over sixteen lanes in a fixed order, so a result never depends on the number of
// threads. Swift checks sizes before it calls; nothing here allocates or fails.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Where a kernel writes: float32 when `is_bfloat16` is 0, bfloat16 otherwise.
typedef struct {
    void *start;
    int is_bfloat16;
} dcar_out;

/// An element-wise function.
typedef enum {
    DCAR_NONE,
    DCAR_RELU,
    DCAR_SILU,
    DCAR_GELU, // tanh form
} dcar_activation;

/// What follows a matrix product, in this order: scales, bias, activation, sum with `addend`.
typedef struct {
    // Of a product of 8-bit integers, whose sums are int32: each is its number, less what stands
    // for zero in its row times the sum of its column's weights, times the scales of its row and
    // column. NULL for a product of floats.
    const float *row_scale;
    const int32_t *row_zero;
    const float *column_scale;
    const int32_t *column_sum;
    const float *bias;    // one number a column, or NULL
    dcar_activation activation;
    const float *addend;  // same shape as the result, or NULL
    size_t addend_stride; // numbers between its rows
} dcar_epilogue;

/// Where the sums of a product go, and by which way.
typedef struct {
    dcar_epilogue epilogue;
    dcar_out out;
    size_t out_stride; // numbers between rows
} dcar_destination;

/// The epilogue of sums of floats that lie in memory.
void dcar_finish_tile(const float *tile, size_t tile_stride, size_t rows, size_t columns,
                      dcar_epilogue epilogue, dcar_out out, size_t out_stride);

/// Rows of bfloat16 numbers as 8-bit integers that reach from the row's least to its greatest
/// number, or to zero, and what stands for zero: the number is (integer - zero) * scale.
void dcar_quantize_rows(const uint16_t *x, size_t rows, size_t columns, uint8_t *out,
                        float *scale, int32_t *zero);
/// Rows of float32 weights as 8-bit integers around zero, the scale of each row, and the sum of its
/// integers.
void dcar_quantize_weights(const float *x, size_t rows, size_t columns, int8_t *out, float *scale,
                           int32_t *sum);

/// Rows of `x` are `x_stride` numbers apart; `addend`, or NULL, is added last.
void dcar_layer_norm(const float *x, size_t x_stride, size_t rows, size_t columns,
                     const float *weight, const float *bias, float epsilon, const float *addend,
                     dcar_out out);
void dcar_rms_norm(const float *x, size_t rows, size_t columns, const float *weight, float epsilon,
                   dcar_out out);
/// out = norm(x) * (1 + scale) + shift; the norm is a layer norm, with `weight` and `bias` or
/// without; scale and shift are rows of `modulation_stride` numbers.
void dcar_modulated_norm(const float *x, size_t rows, size_t columns, const float *weight,
                         const float *bias, float epsilon, const float *shift, const float *scale,
                         size_t modulation_stride, dcar_out out);
/// out = x + gate * y, where gate has its own row stride.
void dcar_gated_sum(const float *x, const float *y, const float *gate, size_t gate_stride,
                    size_t rows, size_t columns, float *out);
/// Softmax of scale * row + bias, in place; bias may be NULL.
void dcar_softmax(float *x, size_t rows, size_t columns, float scale, const float *bias,
                  size_t bias_stride);
/// out = silu(a + b); b is one row for all when `b_stride` is 0.
void dcar_silu_sum(const float *a, const float *b, size_t b_stride, size_t rows, size_t columns,
                   dcar_out out);
/// Rows of `columns` numbers between strided places.
void dcar_copy_rows(const float *x, size_t x_stride, size_t rows, size_t columns, dcar_out out,
                    size_t out_stride);
void dcar_widen(const uint16_t *x, size_t count, float *out);

/// Depthwise 3x3 convolution of one image row over `2 * half` channels, then a * silu(gate) where
/// the gates are the second half of the channels. `above` and `below` are NULL outside the image.
/// weights [9, 2 * half], bias [2 * half], out [width, half].
void dcar_depthwise_glu_row(const float *above, const float *row, const float *below, size_t width,
                            size_t half, const float *weights, const float *bias, dcar_out out);

/// ReLU linear attention of one head of 32 channels over `pixels` pixels (EfficientViT's LiteMLA):
/// q, k, v are at x + 0, 32 and 64 of every pixel, `stride` numbers apart.
/// Part one sums v k^T and k; `state` is [33, 32], its last row the sum of k.
void dcar_linear_attention_state(const float *x, size_t stride, size_t pixels, float *state);
/// Part two: out = (state q) / (sum k . q + 1e-15) for each pixel.
void dcar_linear_attention_apply(const float *x, size_t stride, size_t pixels, const float *state,
                                 dcar_out out, size_t out_stride);

/// `rows` image rows [rows, width, channels] to [channels / 16 rounded up, rows, width, 16], with
/// zeros for the channels that are missing.
void dcar_block_rows(const float *x, size_t rows, size_t width, size_t channels, size_t out_rows,
                     float *out);
/// One image row of `channels` numbers a pixel from the blocked layout, then the epilogue.
void dcar_unblock_row(const float *x, size_t block_stride, size_t width, size_t channels,
                      dcar_epilogue epilogue, dcar_out out, size_t out_stride);

/// The number of the colour nearest to one, the lower where two are, and its squared distance.
/// `count` is a multiple of 16; what fills it up must be far from every colour.
size_t dcar_nearest_color(const float *red, const float *green, const float *blue, size_t count,
                          const float color[3], float *squared_distance);
/// The first maximum of logits + temperature * gumbel(u) over `count` codes, with u the uniform
/// numbers of a counter-based generator: see `dcar_philox_uniform`.
size_t dcar_gumbel_argmax(const float *logits, const float *uniform, size_t count,
                          float temperature);
/// base + guidance * (conditional - unconditional).
void dcar_guide(const float *base, const float *conditional, const float *unconditional,
                size_t count, float guidance, float *out);
/// Each number divided by the divisor.
void dcar_divide(const float *numbers, size_t count, float divisor, float *out);
/// Philox4x32-10: `count` uniform numbers in [0, 1) for counters first, first + 1, ... of a key.
void dcar_philox_uniform(uint64_t key, uint32_t stream, uint32_t step, uint32_t position,
                         uint32_t first_block, size_t count, float *out);
/// One row of DC-AE's upsampler: both output rows of shuffle(conv) + shuffle(repeat(x)).
/// conv [width, 4 * out_channels]; x [width, in_channels] or NULL for no shortcut;
/// top and bottom [2 * width, out_channels].
void dcar_upsample_row(const float *conv, const float *x, size_t width, size_t in_channels,
                       size_t out_channels, float *top, float *bottom);
/// One output row of DC-AE's downsampler: unshuffle(conv) + average of groups of unshuffle(x).
/// conv rows [2 * width, out_channels / 4]; x rows [2 * width, in_channels] or NULL;
/// out [width, out_channels].
void dcar_downsample_row(const float *conv_top, const float *conv_bottom, const float *x_top,
                         const float *x_bottom, size_t width, size_t in_channels,
                         size_t out_channels, float *out);
/// ln of the sum of e^x over a row.
float dcar_log_sum_exp(const float *x, size_t count);

/// Rows of float32 numbers, `stride` numbers apart.
typedef struct {
    const float *start;
    size_t stride;
    size_t count;
} dcar_rows;

/// How products of bfloat16 numbers and of 8-bit integers are computed.
typedef enum {
    /// By dot products in vectors of sixteen words, on processors that have them.
    DCAR_DOT_PRODUCTS,
    /// Of bfloat16 by multiply-adds of sixteen float32 numbers, where there are no dot products or
    /// these are less than half as fast.
    DCAR_WIDENED,
    /// In vectors of eight: of bfloat16 by multiply-adds of float32, of integers by dot products.
    DCAR_NARROW,
    /// In matrix registers, where there are some.
    DCAR_MATRIX_REGISTERS,
} dcar_way;

/// softmax(scale q k^T + bias) v of one head of `width` columns, in bfloat16, on processors that
/// have it and in any way but DCAR_NARROW. `bias`, or NULL, is
/// [queries, keys]; a row's result does not depend on which other queries are in the call.
void dcar_attention(dcar_way way, dcar_rows query, dcar_rows key, dcar_rows value, size_t width,
                    float scale, const float *bias, dcar_out out, size_t out_stride, void *scratch);
/// Bytes of scratch memory that `dcar_attention` needs.
size_t dcar_attention_scratch(dcar_way way, size_t queries, size_t keys, size_t width);

/// Weights [outputs, inputs, 3, 3], each output's times its `scale`, transformed for
/// Winograd's F(side x side, 3x3), side 2 or 4: bfloat16 [(side + 2)^2, outputs, inputs].
void dcar_winograd_weights(int side, const float *x, size_t outputs, size_t inputs,
                           const float *scale, uint16_t *out);
/// The same as (side + 2)^2 packed matrices [outputs, inputs] for `dcar_product_float32`.
void dcar_winograd_pack_floats(int side, const float *x, size_t outputs, size_t inputs,
                               const float *scale, float *out);
/// The tiles first ..< first + count of an image [height, width, channels] with zero padding 1,
/// transformed: [(side + 2)^2, count, channels], `stride` numbers from position to position.
void dcar_winograd_input(int side, const float *x, size_t width, size_t height, size_t channels,
                         size_t first, size_t count, dcar_out out, size_t stride);
/// The products [(side + 2)^2, count, channels] of those tiles, `stride` numbers from position to
/// position, transformed back, with the epilogue: their pixels of an image whose pixels are
/// `out_stride` numbers apart.
void dcar_winograd_output(int side, const float *product, size_t stride, size_t width,
                          size_t height, size_t first, size_t count, size_t channels,
                          dcar_epilogue epilogue, float *out, size_t out_stride);

/// Bytes of `rows` rows of weights, `row_bytes` long each, once packed.
size_t dcar_packed_bytes(size_t rows, size_t row_bytes);
/// Rows of weights in the order in which the products below read them: blocks of 64 rows, the last
/// one as wide as a multiple of 16 must be; in a block the words of four bytes come one after the
/// other, each of all rows. What is missing is zero. A run of rows that begins at a multiple of 64
/// is packed by itself.
void dcar_pack(const void *x, size_t rows, size_t row_bytes, void *out);
/// The numbers [rows, columns] of a packed block of at most 64 rows, which were bfloat16, or 8-bit
/// integers where there is a scale for each row.
void dcar_unpack(const void *block, size_t rows, size_t columns, const float *scale, float *out);

/// Asks the system for the use of the matrix registers, on a processor that has them; 0 when it is
/// refused.
int dcar_allow_tiles(void);
/// Whether Intel made the processor.
int dcar_is_intel(void);

/// The most rows of one call of a product.
enum { DCAR_PRODUCT_ROWS = 128 };
/// C = A B^T with the epilogue: rows of `a` are `row_bytes` long without gaps, `b` is a run of
/// packed rows, `columns` of them. Each way rounds sums of bfloat16 otherwise; of integers they are
/// the same. `a` and `b` are bfloat16 here,
void dcar_product_bfloat16(dcar_way way, const void *a, size_t rows, size_t row_bytes,
                           const void *b, size_t columns, dcar_epilogue epilogue, dcar_out out,
                           size_t out_stride);
/// and here uint8 and int8, with an epilogue that has scales.
void dcar_product_int8(dcar_way way, const void *a, size_t rows, size_t row_bytes, const void *b,
                       size_t columns, dcar_epilogue epilogue, dcar_out out, size_t out_stride);

/// Numbers of `rows` rows of float32 weights, `columns` long each, once packed.
size_t dcar_packed_floats(size_t rows, size_t columns);
/// Rows of weights in the order in which the product below reads them: blocks of 16 rows, in which
/// the numbers of one column come together. What is missing is zero. A run of rows that begins at a
/// multiple of 16 is packed by itself.
void dcar_pack_floats(const float *x, size_t rows, size_t columns, float *out);
/// The rows again.
void dcar_unpack_floats(const float *packed, size_t rows, size_t columns, float *out);
/// C = A B^T with the epilogue: `a` is [rows, inner], `b` a run of packed rows, `columns` of them.
/// `is_wide` is not 0 only on processors with AVX-512, and has their vectors used.
void dcar_product_float32(int is_wide, const float *a, size_t rows, size_t inner, const float *b,
                          size_t columns, dcar_epilogue epilogue, dcar_out out,
                          size_t out_stride);

/// Gives freed memory back to the system, which the allocator would keep otherwise.
void dcar_return_free_memory(void);

/// A number that tells damaged bytes from sound ones; no protection against intent.
uint64_t dcar_checksum(const void *bytes, size_t count);
