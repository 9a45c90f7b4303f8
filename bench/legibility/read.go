package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// lineTwo is the second line of the specimen's zone (test/specimen/mrz.mjs).
const lineTwo = "D231458907UTO7408122F3104150<<<<<<<2"

const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<"

// sizesRead counts the sizes of line 2 in which tesseract reads it exactly, after
// letters and digits were told apart by their position. One makes it readable.
func sizesRead(lines []plane) (count int, err error) {
	for _, line := range lines {
		found, err := reads(line)
		if err != nil {
			return count, err
		}
		if found {
			count++
		}
	}
	return count, nil
}

func reads(line plane) (bool, error) {
	folder, err := os.MkdirTemp("", "legibility-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "line.pgm")
	if err := line.write(path); err != nil {
		return false, err
	}
	tesseract := exec.Command("tesseract", path, "-", "--psm", "7", "-c", "tessedit_char_whitelist="+characters,
		"-c", "load_system_dawg=0", "-c", "load_freq_dawg=0")
	tesseract.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
	out, err := tesseract.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return false, nil // it fails, or crashes, on some pictures: not read
	}
	if err != nil {
		return false, fmt.Errorf("tesseract: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		if byPosition(strings.ReplaceAll(strings.TrimSpace(line), " ", "")) == lineTwo {
			return true, nil
		}
	}
	return false, nil
}

// places says what stands where in line 2: A letter or filler, 9 digit, * either.
const places = "A999999999AAA9999999A9999999*******9"

var (
	toDigit  = strings.NewReplacer("O", "0", "Q", "0", "D", "0", "U", "0", "I", "1", "L", "1", "Z", "2", "A", "4", "S", "5", "G", "6", "T", "7", "B", "8")
	toLetter = strings.NewReplacer("0", "O", "1", "I", "2", "Z", "5", "S", "6", "G", "8", "B")
)

func byPosition(line string) string {
	if len(line) != len(places) {
		return line
	}
	var b strings.Builder
	for i, place := range places {
		switch c := line[i : i+1]; place {
		case '9':
			b.WriteString(toDigit.Replace(c))
		case 'A':
			b.WriteString(toLetter.Replace(c))
		default:
			b.WriteString(c)
		}
	}
	return b.String()
}
