"""What the system tests are made of: processes, backends that can misbehave, raw HTTP and registry connections."""
