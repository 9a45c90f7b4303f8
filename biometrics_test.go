package verifycall_test

import (
	"bufio"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// refused are dependencies that may not enter the product, by what their names
// hold, and why: a person compares, software never does (data/statement.json of
// every bundle says so). Measures of an image, as sharpness or glare, are no
// part of this: they are written in the house and look for no person.
var refused = []struct {
	name *regexp.Regexp // in lower case, without the words of harmless
	why  string
}{
	{regexp.MustCompile(`face|facial`), "detects or recognises faces"},
	{regexp.MustCompile(`dlib|clmtrackr|landmark`), "face landmarks and descriptors, behind most face recognition"},
	{regexp.MustCompile(`\b(pigo|pico\.?js|haar)\b`), "a face detector"},
	{regexp.MustCompile(`rekognition`), "face recognition as a service"},
	{regexp.MustCompile(`biometr|fingerprint|\biris\b|palmprint`), "measures bodies or browsers to tell people apart"},
	{regexp.MustCompile(`liveness|emotion|\bhuman\b`), "judges a person by pictures of the face"},
	{regexp.MustCompile(`voiceprint|speaker-?(id|rec|ver)`), "recognises speakers"},
	{regexp.MustCompile(`opencv|gocv|mediapipe|tracking\.?js|\bsimplecv\b`), "general computer vision with face detection in the box"},
	{regexp.MustCompile(`tensorflow|tfjs|tflite|onnx|torch|gorgonia|\bml5\b|ncnn|openvino`), "runs models: what those look for can't be read, so not be shown"},
}

// harmless are words that hold a refused one and mean something else.
var harmless = strings.NewReplacer("interface", "", "surface", "", "typeface", "", "preface", "", "fontface", "", "torchlight", "")

// refusal says why a dependency of that name may not be, or "".
func refusal(name string) string {
	name = harmless.Replace(strings.ToLower(name))
	for _, r := range refused {
		if r.name.MatchString(name) {
			return r.why
		}
	}
	return ""
}

// dependencies reads the names out of go.mod, go.sum and the npm lock files.
func dependencies(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, file := range []string{"go.mod", "go.sum"} {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		module := regexp.MustCompile(`^\s*(?:require\s+)?([a-z0-9.-]+\.[a-z]+/?\S*)\s+v\d`)
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if m := module.FindStringSubmatch(lines.Text()); m != nil {
				found[file] = append(found[file], m[1])
			}
		}
		f.Close()
	}
	for _, file := range []string{"web/package-lock.json", "test/package-lock.json"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var lock struct {
			Packages map[string]json.RawMessage `json:"packages"`
		}
		if err := json.Unmarshal(text, &lock); err != nil {
			t.Fatal(err)
		}
		for path := range lock.Packages {
			if at := strings.LastIndex(path, "node_modules/"); at >= 0 {
				found[file] = append(found[file], path[at+len("node_modules/"):])
			}
		}
	}
	return found
}

// TestNoBiometricDependency fails when something that could recognise a person
// enters the build, the pages or the tests.
func TestNoBiometricDependency(t *testing.T) {
	found := dependencies(t)
	for _, file := range []string{"go.mod", "go.sum", "web/package-lock.json", "test/package-lock.json"} {
		if len(found[file]) == 0 {
			t.Fatalf("%s names no dependency: nothing is tested", file)
		}
		for _, name := range found[file] {
			if why := refusal(name); why != "" {
				t.Errorf("%s: %s may not be a dependency: %s", file, name, why)
			}
		}
	}
}

// TestRefusals: the list finds what it is for and nothing else.
func TestRefusals(t *testing.T) {
	for _, name := range []string{"gocv.io/x/gocv", "github.com/Kagami/go-face", "github.com/esimov/pigo", "face-api.js",
		"@vladmandic/human", "@tensorflow/tfjs-core", "onnxruntime-web", "@mediapipe/tasks-vision", "github.com/yalue/onnxruntime_go",
		"@techstark/opencv-js", "github.com/aws/aws-sdk-go-v2/service/rekognition", "facefinder", "dlib.net/dlib"} {
		if refusal(name) == "" {
			t.Errorf("%s goes through", name)
		}
	}
	for _, name := range []string{"golang.org/x/image", "github.com/dustin/go-humanize", "interface-datastore", "surface-nets",
		"openseadragon", "github.com/pion/interceptor", "zxing-wasm", "mrz", "@fontsource-variable/inter"} {
		if why := refusal(name); why != "" {
			t.Errorf("%s is refused: %s", name, why)
		}
	}
}
