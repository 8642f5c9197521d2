#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

// What a call and libpng's callbacks share. It lives outside the frame that calls setjmp, so that
// a longjmp leaves its members defined.
typedef struct {
    jmp_buf escape;
    png_structp png;
    png_infop info;
    char *message;
    int outOfMemory;
    size_t memoryLeft;

    const uint8_t *input;
    size_t inputLeft;

    uint8_t *output;
    size_t outputSize;
    size_t outputCapacity;

    uint8_t *row;
} Session;

// Blocks carry their size in front, aligned as malloc's are.
typedef union {
    size_t size;
    max_align_t alignment;
} BlockHeader;

static void *allocate(Session *session, size_t size) {
    if (size > SIZE_MAX - sizeof(BlockHeader) || size + sizeof(BlockHeader) > session->memoryLeft) {
        session->outOfMemory = 1;
        return NULL;
    }
    BlockHeader *block = malloc(size + sizeof(BlockHeader));
    if (!block) {
        session->outOfMemory = 1;
        return NULL;
    }
    block->size = size;
    session->memoryLeft -= size + sizeof(BlockHeader);
    return block + 1;
}

static void release(Session *session, void *memory) {
    if (!memory) return;
    BlockHeader *block = (BlockHeader *)memory - 1;
    session->memoryLeft += block->size + sizeof(BlockHeader);
    free(block);
}

static png_voidp pngAllocate(png_structp png, png_alloc_size_t size) {
    return allocate(png_get_mem_ptr(png), size);
}

static void pngRelease(png_structp png, png_voidp memory) {
    release(png_get_mem_ptr(png), memory);
}

static void onError(png_structp png, png_const_charp text) {
    Session *session = png_get_error_ptr(png);
    strncpy(session->message, text, CPNG_MESSAGE_SIZE - 1);
    session->message[CPNG_MESSAGE_SIZE - 1] = 0;
    longjmp(session->escape, 1);
}

static void onWarning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void readBytes(png_structp png, png_bytep target, size_t count) {
    Session *session = png_get_io_ptr(png);
    if (count > session->inputLeft) png_error(png, "the file ends early");
    memcpy(target, session->input, count);
    session->input += count;
    session->inputLeft -= count;
}

static void writeBytes(png_structp png, png_bytep source, size_t count) {
    Session *session = png_get_io_ptr(png);
    if (count > session->outputCapacity - session->outputSize) {
        size_t capacity = 2 * session->outputCapacity;
        while (capacity - session->outputSize < count) capacity *= 2;
        uint8_t *grown = realloc(session->output, capacity);
        if (!grown) {
            session->outOfMemory = 1;
            png_error(png, "out of memory");
        }
        session->output = grown;
        session->outputCapacity = capacity;
    }
    memcpy(session->output + session->outputSize, source, count);
    session->outputSize += count;
}

static void flushBytes(png_structp png) {
    (void)png;
}

static void readRows(Session *session, uint32_t width, uint32_t height, uint8_t *rgb,
                     uint8_t *alpha) {
    png_structp png = session->png;
    png_infop info = session->info;
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_QUIET_USE);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_user_limits(png, width, height);
    png_set_read_fn(png, session, readBytes);
    png_read_info(png, info);
    if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != height)
        png_error(png, "two different headers");

    png_set_expand(png);
    png_set_scale_16(png);
    png_set_gray_to_rgb(png);
    png_set_add_alpha(png, 0xFF, PNG_FILLER_AFTER);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_rowbytes(png, info) != 4 * (size_t)width) png_error(png, "an unknown pixel format");

    session->row = png_calloc(png, 4 * (size_t)width);
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < height; y++) {
            uint8_t *colours = rgb + 3 * (size_t)width * y;
            uint8_t *coverage = alpha ? alpha + (size_t)width * y : NULL;
            // A pass of an interlaced file adds pixels to what earlier ones left in the row.
            for (uint32_t x = 0; passes > 1 && x < width; x++) {
                memcpy(session->row + 4 * x, colours + 3 * x, 3);
                session->row[4 * x + 3] = coverage ? coverage[x] : 0xFF;
            }
            png_read_row(png, session->row, NULL);
            for (uint32_t x = 0; x < width; x++) {
                memcpy(colours + 3 * x, session->row + 4 * x, 3);
                if (coverage) coverage[x] = session->row[4 * x + 3];
            }
        }
    }
}

static CPNGStatus decode(Session *session, uint32_t width, uint32_t height, uint8_t *rgb,
                         uint8_t *alpha) {
    if (setjmp(session->escape)) return CPNG_BAD_DATA;
    session->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, session, onError, onWarning,
                                            session, pngAllocate, pngRelease);
    if (!session->png) return CPNG_OUT_OF_MEMORY;
    session->info = png_create_info_struct(session->png);
    if (!session->info) return CPNG_OUT_OF_MEMORY;
    readRows(session, width, height, rgb, alpha);
    return CPNG_OK;
}

CPNGStatus cpng_decode(const uint8_t *file, size_t fileSize, uint32_t width, uint32_t height,
                       uint8_t *rgb, uint8_t *alpha, size_t memoryLimit,
                       char message[CPNG_MESSAGE_SIZE]) {
    message[0] = 0;
    Session session = {
        .message = message, .memoryLeft = memoryLimit, .input = file, .inputLeft = fileSize};
    CPNGStatus status = decode(&session, width, height, rgb, alpha);
    release(&session, session.row);
    png_destroy_read_struct(&session.png, &session.info, NULL);
    return status != CPNG_OK && session.outOfMemory ? CPNG_OUT_OF_MEMORY : status;
}

static void writeChunks(png_structp png, const uint8_t *chunks, size_t size) {
    while (size >= 8) {
        size_t length = (size_t)chunks[0] << 24 | (size_t)chunks[1] << 16 | (size_t)chunks[2] << 8
            | chunks[3];
        if (length > size - 8) break;
        png_write_chunk(png, chunks + 4, chunks + 8, length);
        chunks += 8 + length;
        size -= 8 + length;
    }
    if (size) png_error(png, "a chunk list that ends early");
}

static void writeFile(Session *session, const uint8_t *pixels, uint32_t width, uint32_t height,
                      int channels, int level, const uint8_t *chunks, size_t chunksSize) {
    png_structp png = session->png;
    int colourType = channels == 1 ? PNG_COLOR_TYPE_GRAY
        : channels == 3            ? PNG_COLOR_TYPE_RGB
                                   : PNG_COLOR_TYPE_RGB_ALPHA;
    png_set_write_fn(png, session, writeBytes, flushBytes);
    png_set_compression_level(png, level);
    png_set_IHDR(png, session->info, width, height, 8, colourType, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
    png_write_info(png, session->info);
    writeChunks(png, chunks, chunksSize);
    for (uint32_t y = 0; y < height; y++)
        png_write_row(png, pixels + (size_t)channels * width * y);
    png_write_end(png, NULL);
}

static CPNGStatus encode(Session *session, const uint8_t *pixels, uint32_t width, uint32_t height,
                         int channels, int level, const uint8_t *chunks, size_t chunksSize) {
    if (setjmp(session->escape)) return CPNG_BAD_DATA;
    session->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, session, onError, onWarning,
                                             session, pngAllocate, pngRelease);
    if (!session->png) return CPNG_OUT_OF_MEMORY;
    session->info = png_create_info_struct(session->png);
    if (!session->info) return CPNG_OUT_OF_MEMORY;
    writeFile(session, pixels, width, height, channels, level, chunks, chunksSize);
    return CPNG_OK;
}

CPNGStatus cpng_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                       int level, const uint8_t *chunks, size_t chunksSize, uint8_t **file,
                       size_t *fileSize, size_t memoryLimit, char message[CPNG_MESSAGE_SIZE]) {
    message[0] = 0;
    Session session = {.message = message, .memoryLeft = memoryLimit, .outputCapacity = 1 << 16};
    session.output = malloc(session.outputCapacity);
    if (!session.output) return CPNG_OUT_OF_MEMORY;
    CPNGStatus status =
        encode(&session, pixels, width, height, channels, level, chunks, chunksSize);
    png_destroy_write_struct(&session.png, &session.info);
    if (status == CPNG_OK) {
        *file = session.output;
        *fileSize = session.outputSize;
        return CPNG_OK;
    }
    free(session.output);
    return session.outOfMemory ? CPNG_OUT_OF_MEMORY : status;
}

void cpng_free(uint8_t *file) {
    free(file);
}

uint32_t cpng_crc(const uint8_t *bytes, size_t count) {
    return (uint32_t)crc32_z(crc32_z(0, NULL, 0), bytes, count);
}

CPNGInflateStatus cpng_inflate(const uint8_t *source, size_t sourceSize, uint8_t *target,
                               size_t capacity, size_t *written) {
    *written = 0;
    if (sourceSize > UINT32_MAX || capacity > UINT32_MAX - 1) return CPNG_INFLATE_TOO_LARGE;
    z_stream stream = {.next_in = (Bytef *)source, .avail_in = (uInt)sourceSize};
    if (inflateInit(&stream) != Z_OK) return CPNG_INFLATE_OUT_OF_MEMORY;
    stream.next_out = target;
    stream.avail_out = (uInt)capacity;
    int result = inflate(&stream, Z_FINISH);
    size_t produced = capacity - stream.avail_out;
    // A full target is too small unless the stream ends exactly there: one spare byte tells.
    uint8_t spare;
    if (result != Z_STREAM_END && stream.avail_out == 0) {
        stream.next_out = &spare;
        stream.avail_out = 1;
        result = inflate(&stream, Z_FINISH);
        if (stream.avail_out == 0) {
            inflateEnd(&stream);
            return CPNG_INFLATE_TOO_LARGE;
        }
    }
    inflateEnd(&stream);
    *written = produced;
    if (result == Z_MEM_ERROR) return CPNG_INFLATE_OUT_OF_MEMORY;
    return result == Z_STREAM_END ? CPNG_INFLATED : CPNG_INFLATE_DAMAGED;
}
