import Requests
import StudioCore
import StudioViews
import TerminalGraphics
import Testing

@Test(arguments: [(nil, "done"), ("the disk is full", "not saved")] as [(String?, String)])
func aJobThatWasNotSavedSaysSo(problem: String?, status: String) {
    var state = StudioState(randomness: 7)
    var job = QueuedJob(id: 1, request: GenerationRequest(prompt: "three ships", seed: 1))
    (job.state, job.problem) = (.finished, problem)
    state.queue.jobs = [job]
    _ = update(&state, .command(.viewQueue))
    let text = frame(of: state, columns: 120, rows: 40, on: Scene.abilities(.xterm256)).text
    let line = text.split(separator: "\n").first { $0.contains("three ships") } ?? ""
    #expect(line.contains(status))
}
