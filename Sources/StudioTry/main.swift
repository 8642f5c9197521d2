import Assets
import Foundation
import StudioShell
import TerminalGraphics
var o = StudioOptions(modelFolder: EmbeddedModel.folder ?? "", outputFolder: "/tmp/studio_out")
let a = CommandLine.arguments
if a.contains("--plain") { o.isPlain = true }
if let i = a.firstIndex(of: "--graphics") { o.graphics = GraphicsChoice(a[i+1]) }
if let i = a.firstIndex(of: "--theme") { o.theme = a[i+1] }
if let i = a.firstIndex(of: "--open") { o.picture = a[i+1] }
do { exit(try Studio.run(o)) } catch { print(error); exit(7) }
