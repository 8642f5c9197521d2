import Checkpoints
import Requests

extension SamplingSettings {
    /// The `generator` part of the official YAML, with the official fall-backs for absent keys: of
    /// steps as many as can be asked for, which are fewer than the official 256.
    init(_ node: ConfigurationNode) throws(ConfigurationError) {
        self.init()
        steps =
            try node.optionalInt("num_steps", in: RequestLimits.steps)
            ?? RequestLimits.steps.upperBound
        guidanceScale = Float(try node.double("guidance_scale", in: RequestLimits.guidanceScale))
        let decay = try node.optionalString("guidance_decay") ?? GuidanceDecay.powerCosine.rawValue
        guard let known = GuidanceDecay(rawValue: decay) else {
            throw .wrongValue(
                path: node.path, key: "model.generator.guidance_decay", found: decay,
                expected: GuidanceDecay.allCases.map(\.rawValue).joined(separator: ", "))
        }
        guidanceDecay = known
        guidancePower = Float(try node.optionalDouble("guidance_scale_pow", in: 0...100) ?? 2.75)
        temperature = Float(try node.double("randomize_temperature", in: RequestLimits.temperature))
    }
}
