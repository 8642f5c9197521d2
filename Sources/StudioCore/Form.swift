/// A few values to fill in before something is done.
package struct Form: Hashable, Sendable {
    package enum Purpose: Hashable, Sendable {
        case fork(RunID)
        case step(of: RunID)
        case sheet
        case loadMask(on: RunID)
        case saveMask(PaintedMask)
        case loadModel
        case outpaint(RunID)
    }

    package struct Field: Hashable, Sendable {
        package let label: String
        package var text: TextField

        init(_ label: String, _ field: TextField = TextField()) {
            self.label = label
            text = field
        }

        /// - Parameter text: what typing replaces.
        init(_ label: String, suggesting text: String) {
            self.init(label, TextField(suggesting: text))
        }
    }

    package let purpose: Purpose
    package var fields: [Field]
    package var selected: Int

    init(_ purpose: Purpose, _ fields: [Field], selected: Int = 0) {
        self.purpose = purpose
        self.fields = fields
        self.selected = selected
    }

    package var title: String {
        switch purpose {
        case .fork(let run): "Fork picture \(run)"
        case .step: "Go to a step"
        case .sheet: "Parameter sheet"
        case .loadMask: "Mask from a file"
        case .saveMask: "Save the mask"
        case .loadModel: "Open another model"
        case .outpaint: "Continue the picture"
        }
    }

    package var hint: String {
        switch purpose {
        case .fork: "The tokens fixed up to the step stay. Enter forks."
        case .step: "0 is before the first step. Enter goes there."
        case .sheet: "Such as seed=1,2,3 or steps, guidance, decay, temperature, prompt."
        case .loadMask: "A PNG of the picture's size; white is painted anew."
        case .saveMask: "A path that ends in .png; white is painted anew."
        case .loadModel: "A model's folder. Enter starts the studio again with it."
        case .outpaint: "How many token cells to add at each side. Enter adds them."
        }
    }

    /// Where the cursor is.
    package var field: TextField {
        get { fields.indices.contains(selected) ? fields[selected].text : TextField() }
        set { if fields.indices.contains(selected) { fields[selected].text = newValue } }
    }

    mutating func move(by distance: Int) {
        selected = (selected + distance + fields.count) % max(1, fields.count)
    }

    func text(_ index: Int) -> String {
        fields.indices.contains(index) ? fields[index].text.text : ""
    }
}
