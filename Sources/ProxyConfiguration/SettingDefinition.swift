import ProxyModel

/// What a setting is called in help, what it stands at when nobody sets it, and how its text becomes a value.
struct SettingDefinition: Sendable {
    /// Shown in help for the value: `duration`.
    let valueName: String
    /// The text that is parsed when the setting is not given.
    let defaultText: String
    /// One sentence for help.
    let summary: String
    /// How the text becomes a value.
    let rule: SettingRule
}

extension Setting {
    /// One sentence for help, without the default.
    public var summary: String { definition.summary }
    /// Shown in help for the value: `duration`.
    public var valueName: String { definition.valueName }
    /// The value that holds when nobody sets it, as text.
    public var defaultText: String { definition.defaultText }
    /// Whether the flag may be given several times.
    public var isRepeatable: Bool { definition.rule.isList }
}
