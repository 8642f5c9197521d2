import CKernels
import COneDNN
import Foundation

/// What this machine's processor offers.
public enum Processor {
    /// Cores, not hardware threads, that this process may use.
    public static let physicalCores: Int = {
        let active = ProcessInfo.processInfo.activeProcessorCount
        let allowed = allowedNumbers
        let siblings = allowed.map { index in
            let path = "/sys/devices/system/cpu/cpu\(index)/topology/thread_siblings_list"
            return (try? String(contentsOfFile: path, encoding: .ascii)) ?? "\(index)"
        }
        let cores = allowed.isEmpty ? active : min(active, Set(siblings).count)
        let quota = ProcessorQuota.processors().map { Int(min($0, 1024).rounded(.up)) }
        return max(1, min(cores, quota ?? cores))
    }()

    /// The hardware threads that this process may run on.
    private static var allowedNumbers: [Int] {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
        return numbers(of: String(line?.drop { $0 != "\t" } ?? ""))
    }

    /// Numbers as the system lists them, `0,2-5`; none where the list cannot be read.
    package static func numbers(of list: String) -> [Int] {
        var numbers: [Int] = []
        for part in list.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            let ends = part.split(separator: "-", maxSplits: 1).map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last,
                0..<65_536 ~= first, last < 65_536
            else { return [] }
            numbers += first...last
        }
        return numbers
    }

    /// True when matrices can be multiplied in this precision.
    public static func offers(_ precision: Precision) -> Bool {
        #if arch(x86_64)
            precision != .int8 || offers(dnnl_cpu_isa_avx512_core_vnni)
                || offers(dnnl_cpu_isa_avx2_vnni)
        #else
            precision == .float32
        #endif
    }

    /// True when the processor has instructions for bfloat16. Without them its numbers are widened on
    /// their way, which is no slower than float32 and takes a third to a half of the memory.
    public static var hasBFloat16: Bool { offers(dnnl_cpu_isa_avx512_core_bf16) }

    /// True when vectors of sixteen float32 numbers are one instruction.
    public static var hasWideVectors: Bool { offers(dnnl_cpu_isa_avx512_core) }

    private static func offers(_ needed: dnnl_cpu_isa_t) -> Bool {
        dnnl_get_effective_cpu_isa().rawValue & needed.rawValue == needed.rawValue
    }

    /// The kernels that were measured to be fastest in float32 on processors like this one.
    static var floatKernels: FloatKernels {
        guard hasWideVectors else { return .narrow }
        return isIntel ? .wide : .library
    }

    private static var isIntel: Bool {
        #if arch(x86_64)
            dcar_is_intel() != 0
        #else
            false
        #endif
    }

    /// True when there are registers of whole matrices and the system lets this process use them.
    static let hasTiles: Bool = {
        #if arch(x86_64)
            return offers(dnnl_cpu_isa_avx512_core_amx) && dcar_allow_tiles() != 0
        #else
            return false
        #endif
    }()

    /// How products of bfloat16 numbers are fastest here. Intel's processors do a dot product of 16
    /// pairs in two cycles, in which they do four multiply-adds of 16 numbers; AMD's do one in the
    /// time of one.
    static let bfloat16Way: dcar_way = {
        if hasTiles { return DCAR_MATRIX_REGISTERS }
        if hasBFloat16, !isIntel { return DCAR_DOT_PRODUCTS }
        return hasWideVectors ? DCAR_WIDENED : DCAR_NARROW
    }()

    /// How products of integers are fastest here.
    static let integerWay: dcar_way = {
        if hasTiles { return DCAR_MATRIX_REGISTERS }
        return offers(dnnl_cpu_isa_avx512_core_vnni) ? DCAR_DOT_PRODUCTS : DCAR_NARROW
    }()

    /// The widest vector instructions that oneDNN uses here, as a person writes them.
    public static var vectorInstructions: String {
        switch dnnl_get_effective_cpu_isa() {
        case dnnl_cpu_isa_sse41: "SSE4.1"
        case dnnl_cpu_isa_avx: "AVX"
        case dnnl_cpu_isa_avx2: "AVX2"
        case dnnl_cpu_isa_avx2_vnni: "AVX2 with VNNI"
        case dnnl_cpu_isa_avx512_core: "AVX-512"
        case dnnl_cpu_isa_avx512_core_vnni: "AVX-512 with VNNI"
        case dnnl_cpu_isa_avx512_core_bf16: "AVX-512 with VNNI and bfloat16"
        case dnnl_cpu_isa_avx512_core_amx: "AMX"
        default: "unknown"
        }
    }
}
