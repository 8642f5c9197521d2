import Pipeline

extension ProgressLine {
    /// Notes what may keep pictures from being as expected, before they are made.
    ///
    /// - Parameter isEdit: whether the runs are of pictures that were there before.
    func remark(on runs: [PictureRun], _ model: Model, isEdit: Bool) {
        if runs.contains(where: \.isPromptTruncated) {
            note("The prompt is longer than the text encoder reads; its end does not count.")
        }
        let words = runs.flatMap { model.unknownWords(in: $0.request.prompt) }
        if !words.isEmpty {
            let distinct = words.indices.filter { words.firstIndex(of: words[$0]) == $0 }
            note(
                "The model's vocabulary does not know: "
                    + "\(distinct.map { words[$0] }.joined(separator: ", ")).")
        }
        let side = model.trainedSide
        if let run = runs.first(where: { max($0.width, $0.height) > side }), run.run.window == nil {
            note(
                "The model learned pictures of \(side)x\(side); larger ones may fall apart."
                    + (isEdit ? "" : " dcar edit --outpaint continues one of that size."))
        }
    }
}
