/// The version of this build.
public enum ApusVersion {
    /// As `apus --version` shows it.
    public static let current = "0.1.0"
}
