/// A font of six by ten pixels a character for captions, the public domain "6x10" of the X Window
/// System, for ASCII and Latin-1. Other characters are shown as `?`.
public enum PixelFont {
    /// Pixels from one character to the next.
    public static let width = 6
    /// Pixels from one line to the next.
    public static let height = 10

    /// Whether a pixel of a character is set; `y` counts from the top.
    static func isSet(_ scalar: Unicode.Scalar, x: Int, y: Int) -> Bool {
        let index =
            switch scalar.value {
            case 0x20...0x7E: Int(scalar.value) - 0x20
            case 0xA0...0xFF: Int(scalar.value) - 0xA0 + 95
            default: 0x3F - 0x20
            }
        return glyphs[index] >> UInt64(width * (height - 1 - y) + width - 1 - x) & 1 == 1
    }

    /// Rows from the top, six bits each, in the lowest sixty bits.
    private static let glyphs: [UInt64] = [
        0x000_0000_0000_0000, 0x008_2082_0800_8000, 0x014_5140_0000_0000, 0x014_53E5_3E51_4000,
        0x008_7287_0A70_8000, 0x012_A942_14AA_4000, 0x010_A284_2A91_A000, 0x008_2080_0000_0000,
        0x004_2104_1020_4000, 0x010_2041_0421_0000, 0x000_894F_9488_0000, 0x000_208F_8820_0000,
        0x000_0000_0030_8400, 0x000_000F_8000_0000, 0x000_0000_0021_C200, 0x002_0842_1082_0000,
        0x008_5228_A250_8000, 0x008_6282_0823_E000, 0x01C_8823_1083_E000, 0x03E_0843_0289_C000,
        0x004_3149_3E10_4000, 0x03E_82CC_8289_C000, 0x00C_420B_3289_C000, 0x03E_0841_0841_0000,
        0x01C_8A27_2289_C000, 0x01C_8A66_8211_8000, 0x000_21C2_0021_C200, 0x000_21C2_0030_8400,
        0x002_1084_0810_2000, 0x000_03E0_3E00_0000, 0x010_2040_8421_0000, 0x01C_8842_0800_8000,
        0x01C_8A6A_AC81_C000, 0x008_5228_BE8A_2000, 0x03C_4927_124B_C000, 0x01C_8A08_2089_C000,
        0x03C_4924_924B_C000, 0x03E_820F_2083_E000, 0x03E_820F_2082_0000, 0x01C_8A08_2689_C000,
        0x022_8A2F_A28A_2000, 0x01C_2082_0821_C000, 0x00E_1041_0491_8000, 0x022_928C_2892_2000,
        0x020_8208_2083_E000, 0x022_8B6A_A28A_2000, 0x022_8B2A_A68A_2000, 0x01C_8A28_A289_C000,
        0x03C_8A2F_2082_0000, 0x01C_8A28_A2A9_C080, 0x03C_8A2F_2892_2000, 0x01C_8A07_0289_C000,
        0x03E_2082_0820_8000, 0x022_8A28_A289_C000, 0x022_8A25_1450_8000, 0x022_8A2A_AADA_2000,
        0x022_8942_148A_2000, 0x022_8942_0820_8000, 0x03E_0842_1083_E000, 0x01C_4104_1041_C000,
        0x020_8102_0408_2000, 0x01C_1041_0411_C000, 0x008_5220_0000_0000, 0x000_0000_0000_0F80,
        0x204_0000_0000_0000, 0x000_01C0_9E89_E000, 0x020_82CC_A2CA_C000, 0x000_01C8_A089_C000,
        0x002_09A9_A299_A000, 0x000_01C8_BE81_C000, 0x00C_490F_1041_0000, 0x000_01E8_A278_289C,
        0x020_82CC_A28A_2000, 0x008_0182_0821_C000, 0x002_0060_8209_248C, 0x020_8229_3892_2000,
        0x018_2082_0821_C000, 0x000_034A_AAAA_2000, 0x000_02CC_A28A_2000, 0x000_01C8_A289_C000,
        0x000_02CC_A2CA_C820, 0x000_01A9_A299_A082, 0x000_02CC_A082_0000, 0x000_01C8_1C0B_C000,
        0x010_43C4_1048_C000, 0x000_0228_A299_A000, 0x000_0228_9450_8000, 0x000_0228_AAA9_4000,
        0x000_0225_0852_2000, 0x000_0228_A668_289C, 0x000_03E1_0843_E000, 0x006_2046_0420_6000,
        0x008_2082_0820_8000, 0x018_1081_8811_8000, 0x012_AA40_0000_0000, 0x000_0000_0000_0000,
        0x008_0082_0820_8000, 0x000_21EA_28A1_E200, 0x00C_490E_104A_C000, 0x000_0227_1472_2000,
        0x022_8942_3E20_8200, 0x008_2080_0820_8000, 0x01C_8389_1238_2700, 0x500_0000_0000_0000,
        0x01C_8AAC_AA89_C000, 0x00E_4962_8078_0000, 0x000_0094_A448_9000, 0x000_0007_8200_0000,
        0x000_0007_8000_0000, 0x01C_8BAC_B289_C000, 0xF80_0000_0000_0000, 0x008_5080_0000_0000,
        0x000_208F_8823_E000, 0x312_1087_8000_0000, 0x702_3027_0000_0000, 0x108_0000_0000_0000,
        0x000_0228_A2CA_C800, 0x01E_EBA6_8A28_A000, 0x000_0002_0000_0000, 0x000_0000_0000_0108,
        0x218_2087_0000_0000, 0x00C_4923_0078_0000, 0x000_0244_894A_4000, 0x430_410E_4314_F040,
        0x430_410E_8504_21C0, 0xC08_408C_8629_E080, 0x008_0082_1089_C000, 0x408_7228_BE8A_2000,
        0x108_7228_BE8A_2000, 0x214_7228_BE8A_2000, 0x4AC_7228_BE8A_2000, 0x500_7228_BE8A_2000,
        0x214_7228_BE8A_2000, 0x00F_5249_FC92_7000, 0x01C_8A08_2089_C210, 0x43E_820F_2083_E000,
        0x13E_820F_2083_E000, 0x23E_820F_2083_E000, 0x53E_820F_2083_E000, 0x408_7082_0821_C000,
        0x108_7082_0821_C000, 0x214_7082_0821_C000, 0x500_7082_0821_C000, 0x03C_492E_924B_C000,
        0x294_8B2A_A68A_2000, 0x408_7228_A289_C000, 0x108_7228_A289_C000, 0x214_7228_A289_C000,
        0x294_7228_A289_C000, 0x500_7228_A289_C000, 0x000_0225_0852_2000, 0x01C_9A6A_B2C9_C000,
        0x408_8A28_A289_C000, 0x108_8A28_A289_C000, 0x214_0228_A289_C000, 0x500_8A28_A289_C000,
        0x108_8A25_0820_8000, 0x020_F22F_2082_0000, 0x01C_8A4A_248A_C000, 0x408_01C0_9E89_E000,
        0x108_01C0_9E89_E000, 0x214_01C0_9E89_E000, 0x294_01C0_9E89_E000, 0x014_01C0_9E89_E000,
        0x214_21C0_9E89_E000, 0x000_01E1_5F91_F000, 0x000_01C8_A089_C210, 0x408_01C8_BE81_C000,
        0x108_01C8_BE81_C000, 0x214_01C8_BE81_C000, 0x014_01C8_BE81_C000, 0x408_0182_0821_C000,
        0x210_0182_0821_C000, 0x214_0182_0821_C000, 0x014_0182_0821_C000, 0x030_31C8_A289_C000,
        0x294_02CC_A28A_2000, 0x408_01C8_A289_C000, 0x108_01C8_A289_C000, 0x214_01C8_A289_C000,
        0x294_01C8_A289_C000, 0x014_01C8_A289_C000, 0x000_200F_8020_0000, 0x000_01E9_AACB_C000,
        0x408_0228_A299_A000, 0x108_0228_A299_A000, 0x214_0228_A299_A000, 0x014_0228_A299_A000,
        0x004_2228_A668_289C, 0x000_83C8_A28B_C820, 0x014_0228_A668_289C
    ]
}

extension RGBImage {
    /// Writes one line of text with its top left corner at `x`, `y`; what lies outside is left out.
    ///
    /// - Parameter scale: pixels that each pixel of the font becomes a side.
    public mutating func write(
        _ text: String, x: Int, y: Int, color: SIMD3<UInt8>, scale: Int = 1
    ) {
        for (at, scalar) in text.unicodeScalars.enumerated() {
            let left = x + at * PixelFont.width * scale
            guard left < width else { return }
            for row in 0..<PixelFont.height * scale where 0..<height ~= y + row {
                for column in 0..<PixelFont.width * scale where 0..<width ~= left + column {
                    if PixelFont.isSet(scalar, x: column / scale, y: row / scale) {
                        self[left + column, y + row] = color
                    }
                }
            }
        }
    }
}
