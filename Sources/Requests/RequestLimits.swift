/// What a request may ask for. Flags, settings and the studio all go by these.
public enum RequestLimits {
    public static let steps = 1...64
    public static let guidanceScale = 0.0...100.0
    public static let temperature = 0.0...100.0
    public static let residualSteps = 1...1_000
    /// Above 1 there is more noise than the residual head learned to remove.
    public static let residualTemperature = 0.0...2.0
    public static let residualStrength = 0.0...1.5
    /// Pixels over which an edit fades into its picture.
    public static let feather = 0...256
    /// Tokens around a mask that the model sees.
    public static let padding = 0...64
    /// Pictures made together.
    public static let pictures = 1...64
    /// UTF-8; a text encoder reads far less, and a PNG must be able to keep it.
    public static let promptBytes = 14_000
    /// Pixels; the longest side of a picture.
    public static let side = 2_048
}
