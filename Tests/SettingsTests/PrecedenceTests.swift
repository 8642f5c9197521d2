import Foundation
import Settings
import TestSupport
import Testing

@Test func aFlagCountsMoreThanTheEnvironmentThanTheProjectThanTheUserThanTheDefault() throws {
    let folder = try TemporaryFolder()
    var sources = SettingsSources(
        environment: ["DCAR_CONFIG": folder.file("user.toml")], folder: folder.path,
        home: folder.path)
    func expect(_ shown: String, _ origin: ResolvedSettings.Origin) {
        let settings = sources.load()
        #expect(settings.shown(.threads) == shown)
        #expect(settings.origin(.threads) == origin)
        #expect(settings.warnings == [])
    }
    expect("one a physical core", .standard)
    try "[model]\nthreads = 1\n".write(
        toFile: folder.file("user.toml"), atomically: true, encoding: .utf8)
    expect("1", .file(folder.file("user.toml"), line: 2))
    try "\n[model]\nthreads = 2\n".write(
        toFile: folder.file(".dcar.toml"), atomically: true, encoding: .utf8)
    expect("2", .file(folder.file(".dcar.toml"), line: 3))
    sources.environment["DCAR_THREADS"] = "3"
    expect("3", .variable("DCAR_THREADS"))
    sources.flags[.threads] = SettingsSources.Flag("--threads", .whole(4))
    expect("4", .flag("--threads"))
}

@Test func theKeysOfTheProjectReplaceTheUsers() throws {
    let folder = try TemporaryFolder()
    let user = try folder.write("[keys]\nfork = ['f', 'F9']\nhelp = 'h'\n", as: "user.toml")
    let project = try folder.write("[keys]\nfork = 'k'\n", as: ".dcar.toml")
    let settings = SettingsSources(
        environment: ["DCAR_CONFIG": user], folder: folder.path, home: folder.path
    ).load()
    #expect(settings.keys.map(\.command) == ["help", "fork"])
    #expect(settings.keys.last?.keys == ["k"] && settings.keys.last?.file == project)
}

@Test func aVariableThatDoesNotFitIsNamed() {
    let sources = SettingsSources(
        environment: ["DCAR_THREADS": "many", "DCAR_GRAPHICS": ""], folder: "/nowhere",
        home: "/nowhere")
    #expect(
        sources.load().warnings.map(\.description)
            == ["DCAR_THREADS is \"many\"; it must be a whole number from 1 to 256."])
}

@Test(arguments: [
    (["XDG_CONFIG_HOME": "/x"], "/x/dcar/config.toml"),
    (["XDG_CONFIG_HOME": "relative"], "/home/me/.config/dcar/config.toml"),
    (["DCAR_CONFIG": "here.toml", "XDG_CONFIG_HOME": "/x"], "here.toml"),
    ([:], "/home/me/.config/dcar/config.toml")
])
func theUsersFileIsWhereTheStandardSays(environment: [String: String], path: String) {
    let sources = SettingsSources(environment: environment, folder: "/", home: "/home/me")
    #expect(sources.userFile == path)
}

@Test func everySettingExplainsItselfAndTakesItsOwnDefault() {
    #expect(Set(Setting.all.map(\.name)).count == Setting.all.count)
    for setting in Setting.all {
        #expect(setting.name.split(separator: ".").count == 2)
        #expect(setting.meaning.hasSuffix("."), "\(setting.name)")
        if let standard = setting.standard {
            #expect(setting.fitting(standard) == standard)
            #expect(setting.value(typed: standard.description) == standard)
        }
    }
}
