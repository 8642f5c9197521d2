#pragma once
// libpng and zlib behind calls that return a status, so that libpng's longjmp never crosses a
// Swift frame. Every call is self-contained: it leaves no memory and no state behind.

#include <stddef.h>
#include <stdint.h>

/// Room for one message of libpng, its final zero included.
#define CPNG_MESSAGE_SIZE 128

typedef enum {
    CPNG_OK = 0,
    /// libpng refused the file; the message says why.
    CPNG_BAD_DATA = 1,
    CPNG_OUT_OF_MEMORY = 2
} CPNGStatus;

/// Decodes every row of a PNG file into caller-owned planes, as 8-bit samples.
///
/// Grey, palette and 16-bit files are expanded or scaled. Ancillary chunks except tRNS are skipped
/// unread, and nothing after the last IDAT is read. `width` and `height` are what the caller read
/// from IHDR; a file that says otherwise to libpng is bad data.
///
/// - rgb: `3 * width * height` bytes.
/// - alpha: `width * height` bytes, or null when the file has neither alpha nor tRNS.
/// - memoryLimit: bytes libpng and zlib may hold at once.
CPNGStatus cpng_decode(const uint8_t *file, size_t fileSize, uint32_t width, uint32_t height,
                       uint8_t *rgb, uint8_t *alpha, size_t memoryLimit,
                       char message[CPNG_MESSAGE_SIZE]);

/// Encodes 8-bit rows as a PNG file: IHDR, then `chunks`, then IDAT and IEND.
///
/// - channels: 1 (grey), 3 (RGB) or 4 (RGBA).
/// - level: zlib's, 0 to 9.
/// - chunks: for each chunk a big-endian 32-bit length, a four-letter name and its data.
/// - file: on success a block that `cpng_free` must release.
CPNGStatus cpng_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                       int level, const uint8_t *chunks, size_t chunksSize, uint8_t **file,
                       size_t *fileSize, size_t memoryLimit, char message[CPNG_MESSAGE_SIZE]);

void cpng_free(uint8_t *file);

/// The CRC-32 of a chunk's name and data.
uint32_t cpng_crc(const uint8_t *bytes, size_t count);

typedef enum {
    CPNG_INFLATED = 0,
    /// The stream is damaged or ends early.
    CPNG_INFLATE_DAMAGED = 1,
    /// The stream holds more than `capacity` bytes.
    CPNG_INFLATE_TOO_LARGE = 2,
    CPNG_INFLATE_OUT_OF_MEMORY = 3
} CPNGInflateStatus;

/// Inflates one zlib stream into at most `capacity` bytes.
CPNGInflateStatus cpng_inflate(const uint8_t *source, size_t sourceSize, uint8_t *target,
                               size_t capacity, size_t *written);
