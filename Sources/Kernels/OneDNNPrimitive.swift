import COneDNN
import Tensors

/// A compiled oneDNN operation with its memory layouts. It may run in several threads at once,
/// because every run brings its own scratch memory and stream.
final class OneDNNPrimitive: @unchecked Sendable {
    private let primitive: dnnl_primitive_t
    private let engine: OneDNNEngine
    /// The layouts of the arguments, by oneDNN's argument number.
    private let layouts: [Int32: dnnl_memory_desc_t]
    private let scratchBytes: Int

    /// - Parameter create: makes the primitive's description from attributes that ask for
    ///   scratch memory to be brought by the caller.
    init(
        arguments: [(number: Int32, query: dnnl_query_t)],
        create: (dnnl_engine_t, dnnl_primitive_attr_t) -> (dnnl_status_t, dnnl_primitive_desc_t?)
    ) throws(KernelError) {
        engine = try .get()
        var attributes: dnnl_primitive_attr_t?
        try check(dnnl_primitive_attr_create(&attributes), "dnnl_primitive_attr_create")
        defer { dnnl_primitive_attr_destroy(attributes) }
        guard let attributes else {
            throw .oneDNN(call: "dnnl_primitive_attr_create", status: dnnl_out_of_memory.rawValue)
        }
        try check(
            dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
            "dnnl_primitive_attr_set_scratchpad_mode")
        let (status, description) = create(engine.handle, attributes)
        defer { dnnl_primitive_desc_destroy(description) }
        try check(status, "dnnl_primitive_desc_create")
        var layouts: [Int32: dnnl_memory_desc_t] = [:]
        for (number, query) in arguments {
            layouts[number] = dnnl_primitive_desc_query_md(description, query, 0)?.pointee
        }
        self.layouts = layouts
        let scratch = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0)
        scratchBytes = scratch.map { dnnl_memory_desc_get_size($0) } ?? 0
        if let scratch { self.scratch = scratch.pointee } else { self.scratch = nil }
        var made: dnnl_primitive_t?
        try check(dnnl_primitive_create(&made, description), "dnnl_primitive_create")
        guard let made else {
            throw .oneDNN(call: "dnnl_primitive_create", status: dnnl_out_of_memory.rawValue)
        }
        primitive = made
    }

    private let scratch: dnnl_memory_desc_t?

    deinit {
        dnnl_primitive_destroy(primitive)
    }

    /// The layout that the primitive wants for an argument.
    func layout(_ number: Int32) -> dnnl_memory_desc_t? { layouts[number] }

    /// Runs in the calling thread on memory that lies as the layouts say.
    func run(_ places: [(number: Int32, start: UnsafeRawPointer)]) throws(KernelError) {
        // Also for callers outside the pool: OpenMP's threads would go on spinning beside ours.
        dcar_one_thread_per_call()
        let scratchMemory = Storage(byteCount: max(1, scratchBytes))
        var arguments: [dnnl_exec_arg_t] = []
        defer { for argument in arguments { dnnl_memory_destroy(argument.memory) } }
        for (number, start) in places {
            guard var layout = layouts[number] else {
                throw .oneDNN(
                    call: "dnnl_primitive_desc_query_md", status: dnnl_invalid_arguments.rawValue)
            }
            arguments.append(
                try argument(number, &layout, UnsafeMutableRawPointer(mutating: start)))
        }
        if var scratch {
            arguments.append(
                try argument(DNNL_ARG_SCRATCHPAD, &scratch, scratchMemory.base))
        }
        var stream: dnnl_stream_t?
        try check(
            dnnl_stream_create(
                &stream, engine.handle, UInt32(dnnl_stream_default_flags.rawValue)),
            "dnnl_stream_create")
        defer { dnnl_stream_destroy(stream) }
        try check(
            dnnl_primitive_execute(primitive, stream, Int32(arguments.count), arguments),
            "dnnl_primitive_execute")
        withExtendedLifetime(scratchMemory) {}
    }

    private func argument(
        _ number: Int32, _ layout: inout dnnl_memory_desc_t, _ start: UnsafeMutableRawPointer
    ) throws(KernelError) -> dnnl_exec_arg_t {
        var memory: dnnl_memory_t?
        try check(
            dnnl_memory_create(&memory, &layout, engine.handle, start), "dnnl_memory_create")
        return dnnl_exec_arg_t(arg: number, memory: memory)
    }
}

extension OneDNNPrimitive {
    /// `source`, which lies as `from` says, copied into the layout `to`.
    static func reordered(
        _ source: UnsafeRawPointer, from: dnnl_memory_desc_t, to: dnnl_memory_desc_t
    ) throws(KernelError) -> Storage {
        var (from, to) = (from, to)
        let result = Storage(byteCount: dnnl_memory_desc_get_size(&to))
        let reorder = try OneDNNPrimitive(
            arguments: [(DNNL_ARG_FROM, dnnl_query_src_md), (DNNL_ARG_TO, dnnl_query_dst_md)]
        ) { engine, attributes in
            var description: dnnl_primitive_desc_t?
            let status = dnnl_reorder_primitive_desc_create(
                &description, &from, engine, &to, engine, attributes)
            return (status, description)
        }
        try reorder.run([(DNNL_ARG_FROM, source), (DNNL_ARG_TO, UnsafeRawPointer(result.base))])
        return result
    }
}

/// A layout with the given extents in one of oneDNN's named orders.
func layout(_ extents: [Int], _ type: dnnl_data_type_t, _ order: dnnl_format_tag_t)
    throws(KernelError) -> dnnl_memory_desc_t
{
    var description = dnnl_memory_desc_t()
    // oneDNN reads twelve extents whatever the rank.
    let padded = extents.map { dnnl_dim_t($0) } + Array(repeating: 0, count: 12 - extents.count)
    try check(
        dnnl_memory_desc_init_by_tag(&description, Int32(extents.count), padded, type, order),
        "dnnl_memory_desc_init_by_tag")
    return description
}
