package evidence

import (
	"runtime/debug"
)

// Statement says what software made a bundle, in data/statement.json.
type Statement struct {
	Software   string            `json:"software"`
	Go         string            `json:"go"`       // toolchain
	Main       Module            `json:"main"`     // the program's own module
	Settings   map[string]string `json:"settings"` // build settings, with the revision where known
	Modules    []Module          `json:"modules"`  // every module linked in, with its digest of go.sum
	Biometric  []string          `json:"biometric_components"`
	Comparison string            `json:"comparison"`
}

// Module is one Go module of the build. Sum is its go.sum digest ("h1:…").
type Module struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Sum     string `json:"sum,omitempty"`
}

// byPerson is what every statement says about the comparison.
const byPerson = "A person compared. No component of this build detects, matches or measures faces or other biometric features."

// BuildStatement gives the statement of the running program, from the build
// information that the Go toolchain embeds.
func BuildStatement() Statement {
	build, _ := debug.ReadBuildInfo()
	return StatementOf(build)
}

// StatementOf gives that of a build; nil is one of which nothing is known.
func StatementOf(build *debug.BuildInfo) Statement {
	s := Statement{Software: "verifycall", Settings: map[string]string{}, Modules: []Module{},
		Biometric: []string{}, Comparison: byPerson}
	if build == nil {
		return s
	}
	s.Go, s.Main = build.GoVersion, moduleOf(&build.Main)
	for _, setting := range build.Settings {
		switch setting.Key {
		case "vcs.revision", "vcs.time", "vcs.modified", "GOOS", "GOARCH", "CGO_ENABLED", "-tags", "-trimpath":
			s.Settings[setting.Key] = setting.Value
		}
	}
	for _, dep := range build.Deps {
		s.Modules = append(s.Modules, moduleOf(dep))
	}
	return s
}

func moduleOf(m *debug.Module) Module {
	if m.Replace != nil {
		m = m.Replace
	}
	return Module{Path: m.Path, Version: m.Version, Sum: m.Sum}
}
