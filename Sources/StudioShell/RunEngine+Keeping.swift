import Foundation
import HybridTokens
import Imaging
import Kernels
import Pipeline
import StudioCore
import Tensors

extension RunEngine {
    /// Hands a run to those who keep it for a later sitting: tokens, not pixels.
    mutating func keep(_ id: RunID, _ pipeline: Pipeline) {
        guard let engineRun = engineRuns[id],
            let width = engineRun.run?.run.gridWidth ?? engineRun.grid?.gridWidth,
            let height = engineRun.run?.run.gridHeight ?? engineRun.grid?.gridHeight
        else { return }
        var metadata: GenerationMetadata?
        // What its file shows, and what is no run, is read from there again.
        if case .file = engineRun.origin, engineRun.source == nil || engineRun.run == nil {
        } else {
            metadata = self.metadata(of: engineRun, pipeline)
        }
        // The file's record rounds residuals to half precision; floats give the same pixels again.
        let residual = engineRun.grid?.residual.floats()
        var kept = KeptRun(
            id: id, request: engineRun.request, origin: engineRun.origin, gridWidth: width,
            gridHeight: height, record: metadata?.record.json ?? "",
            tokens: metadata?.tokens?.base64 ?? "",
            residual: residual.map { $0.withUnsafeBytes { Data($0) } })
        kept.seconds = engineRun.seconds
        kept.chosenTokens = engineRun.lineage?.chosenTokens.words
        (kept.path, kept.source) = (engineRun.path, engineRun.source)
        (kept.fit, kept.fileHash) = (engineRun.fit, engineRun.fileHash)
        earlier[id] = kept
        keep(kept)
    }

    /// A file lies elsewhere now; nil where it is gone.
    mutating func move(_ path: String, to place: String?, _ pipeline: Pipeline) {
        for (id, engineRun) in engineRuns where [engineRun.path, engineRun.source].contains(path) {
            engineRuns[id]?.takeMove(of: path, to: place)
            keep(id, pipeline)
        }
        for (id, known) in earlier where engineRuns[id] == nil {
            guard [known.path, known.source].contains(path) else { continue }
            var file = EngineRun(request: known.request)
            (file.origin, file.path, file.source) = (known.origin, known.path, known.source)
            file.takeMove(of: path, to: place)
            var kept = known
            (kept.path, kept.source) = (file.path, file.source)
            earlier[id] = kept
            keep(kept)
        }
    }

    // MARK: Memory

    /// Finished runs that are at hand with their pixels.
    private static let finishedRuns = 32

    /// Lets go of finished runs that were not wanted for the longest; `restore` makes them again from
    /// what is kept. What is only in a file stays, as that may be another one by then.
    mutating func letGoOfPixels(after effect: StudioEffect) {
        var wanted = effect.sources + effect.runs
        if case .load(let run) = effect { wanted.append(run) }
        wantedLately.removeAll(where: wanted.contains)
        wantedLately += wanted
        let held = engineRuns.filter { id, engineRun in
            if case .file = engineRun.origin { return false }
            return engineRun.refined != nil && earlier[id] != nil
        }.keys
        guard held.count > Self.finishedRuns else { return }
        let ages = Dictionary(
            wantedLately.enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 })
        let oldest = held.sorted { (ages[$0] ?? -1, $0) < (ages[$1] ?? -1, $1) }
        for id in oldest.dropLast(Self.finishedRuns) { engineRuns[id] = nil }
        wantedLately.removeAll { engineRuns[$0] == nil }
    }

    /// Forgets the file of a picture that is another one by now.
    private mutating func checkFile(of id: RunID, _ pipeline: Pipeline) {
        // One that was opened is compared when it is read.
        if case .file? = engineRuns[id]?.origin { return }
        guard let engineRun = engineRuns[id], engineRun.source == nil, let path = engineRun.path,
            let hash = engineRun.fileHash, let bytes = try? ImageFile.read(path),
            SHA256Sum.of(bytes) != hash
        else { return }
        engineRuns[id]?.leaveFile()
        keep(id, pipeline)
    }

    /// Makes the pixels of a run that an earlier sitting kept.
    mutating func load(_ id: RunID, _ pipeline: Pipeline) throws {
        do {
            try restore(id, pipeline)
        } catch let error as Stopped {
            throw error
        } catch {
            post(.failed(id, "\(error)"))
            return
        }
        checkFile(of: id, pipeline)
        guard let engineRun = engineRuns[id], let kept = earlier[id] else { return }
        let maskID = pipeline.model.configuration.maskID
        var record = RunRecord(id: id, request: engineRun.request, origin: kept.origin)
        record.gridWidth = kept.gridWidth
        record.gridHeight = kept.gridHeight
        record.savedPath = engineRun.path
        record.snapshots = engineRun.run?.run.states.map { $0.snapshot(maskID: maskID) } ?? []
        for snapshot in record.snapshots where snapshot.step > 0 {
            record.previews[snapshot.step] = sketch(snapshot, of: id)
        }
        record.status = engineRun.refined == nil ? .cancelled : .finished
        record.isFromPrompt = engineRun.isFromPrompt
        record.precision = engineRun.precision ?? engineRun.metadata?.record.precision
        if let refined = engineRun.refined, let discrete = engineRun.discrete {
            record.picture = FinishedPicture(
                discrete: discrete, refined: refined,
                residualLengths: engineRun.grid?.residualLengths ?? [],
                seamError: engineRun.seam,
                strength: engineRun.request.residual.strength)
        }
        post(.loaded(record))
    }

    /// What a run lies over or goes on from is restored first.
    mutating func restore(_ id: RunID, _ pipeline: Pipeline) throws {
        guard engineRuns[id] == nil, let kept = earlier[id] else { return }
        if let parent = RunRecord(id: id, request: kept.request, origin: kept.origin).parent,
            parent < id
        {
            try restore(parent, pipeline)
        }
        var source: EngineRun?
        if case .file = kept.origin {
            guard kept.source != nil, !kept.record.isEmpty else {
                let engineRun = try opened(kept, pipeline)
                engineRuns[id] = engineRun
                let strength = kept.request.residual.strength
                if kept.source != nil, let grid = engineRun.grid {
                    _ = try decode(grid, of: id, strength: strength, pipeline)
                }
                return
            }
            // Its file is gone without harm, unless it held what an edit lies over.
            source = try? opened(kept, pipeline)
        }
        var metadata = GenerationMetadata(record: try ImageRecord(json: kept.record))
        guard metadata.record.modelHash == pipeline.model.sha256 else {
            throw RunEngineError.otherModel(metadata.record.modelName)
        }
        metadata.tokens = TokenGridRecord(base64: kept.tokens)
        let residual = kept.residual.map(Self.floats)
        metadata.residual = residual.map { ResidualRecord($0) }
        var ground = source?.ground
        if ground == nil { ground = try self.ground(of: kept, metadata, pipeline) }
        metadata.mask = ground?.compositor.mask
        let run = try pipeline.resume(metadata)
        var request = kept.request
        // What a request leaves to the model is as its record says, whatever the model says now.
        request.residual.guidanceScale =
            request.residual.guidanceScale ?? run.request.residual.guidanceScale
        request.residual.temperature =
            request.residual.temperature ?? run.request.residual.temperature
        var engineRun = EngineRun(run: run, request: request)
        engineRun.origin = kept.origin
        (engineRun.path, engineRun.source) = (kept.path, kept.source)
        if source?.request.residual.strength == request.residual.strength {
            engineRun.file = source?.file
        }
        (engineRun.fit, engineRun.fileHash) = (kept.fit, kept.fileHash)
        engineRun.seconds = kept.seconds ?? 0
        engineRun.ground = ground
        engineRun.lineage = Lineage(metadata)
        engineRuns[id] = engineRun
        guard metadata.record.stoppedAtStep == nil, let residual else { return }
        engineRuns[id]?.precision = metadata.record.precision
        guard let checked = try pipeline.grid(of: metadata) else { throw RunEngineError.notKept }
        let grid = HybridTokenGrid(
            gridWidth: checked.gridWidth, gridHeight: checked.gridHeight, ids: checked.ids,
            residual: Tensor(checked.residual.shape, residual))
        engineRuns[id]?.grid = grid
        run.run.text.release()
        let strength = kept.request.residual.strength
        _ = compose(
            id, try pipeline.decode(grid, strength: 0),
            try pipeline.decode(grid, strength: strength), strength: strength)
    }

    private func ground(
        of kept: KeptRun, _ metadata: GenerationMetadata, _ pipeline: Pipeline
    ) throws -> EditGround? {
        switch kept.origin {
        case .prompt: return nil
        case .file:
            guard metadata.record.edit == nil else { throw RunEngineError.notKept }
            return nil
        case .fork(let parent, _), .residual(let parent): return engineRuns[parent]?.ground
        case .edit(let order):
            guard let base = engineRuns[order.base], let edit = metadata.record.edit else {
                throw RunEngineError.notKept
            }
            // Where only some tokens change, the mask is as it was painted within them.
            let tokens = Mask(edit.mask, tokenSide: pipeline.model.tokenSide)
            let painted = order.mask?.mask
            let mask =
                order.content == .all
                ? painted ?? tokens : painted.map { $0.intersection(tokens) } ?? tokens
            return try ground(order, over: base, mask: mask, edit: edit, pipeline)
        }
    }

    /// An opened file is read again, and fitted as it was.
    private func opened(_ kept: KeptRun, _ pipeline: Pipeline) throws -> EngineRun {
        guard let path = kept.source ?? kept.path else { throw RunEngineError.notKept }
        for fit in kept.fit.map({ [$0] }) ?? ImportFit.allCases {
            var engineRun = try OpenedPicture(path, fit, pipeline).engineRun
            guard kept.fileHash == nil || kept.fileHash == engineRun.fileHash else {
                throw RunEngineError.changedFile(path)
            }
            let width = engineRun.run?.run.gridWidth ?? engineRun.grid?.gridWidth
            let height = engineRun.run?.run.gridHeight ?? engineRun.grid?.gridHeight
            guard width == kept.gridWidth, height == kept.gridHeight else { continue }
            engineRun.origin = kept.origin
            (engineRun.path, engineRun.source) = (kept.path, kept.source)
            return engineRun
        }
        throw RunEngineError.notKept
    }

    private static func floats(_ data: Data) -> [Float] {
        [Float](unsafeUninitializedCapacity: data.count / 4) { buffer, count in
            count = data.copyBytes(to: buffer) / 4
        }
    }
}
