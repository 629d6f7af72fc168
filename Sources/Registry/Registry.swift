// Placeholder until the first declaration of this target.
