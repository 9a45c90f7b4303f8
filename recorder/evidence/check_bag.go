package evidence

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"verifycall/recorder/evidence/objects"
)

// checkContainer lists the files, and looks that the tag files are there and
// nothing lies beside them and data/.
func (v *verification) checkContainer(ctx context.Context) (string, error) {
	names, err := v.bag.names(ctx)
	if err != nil {
		return "", err
	}
	tags := []string{bagFile, manifestFile, tagManifestFile, signatureFile}
	for _, name := range names {
		if !strings.HasPrefix(name, "data/") && !slices.Contains(tags, name) && name != stampFile && name != stampSignatureFile {
			return "", isWrong(name, "doesn't belong to a bundle")
		}
	}
	for _, name := range tags {
		if !slices.Contains(names, name) {
			return "", isWrong(name, "is missing")
		}
	}
	v.names = names
	return fmt.Sprintf("%d files", len(names)), nil
}

// checkDeclaration compares bagit.txt.
func (v *verification) checkDeclaration(ctx context.Context) (string, error) {
	text, err := readWhole(ctx, v.bag, bagFile, maxTagManifest)
	if err != nil {
		return "", err
	}
	if string(text) != bagText {
		return "", isWrong(bagFile, "doesn't declare a bag of BagIt 1.0 in UTF-8")
	}
	return "BagIt 1.0", nil
}

// checkTagManifest checks the digests of bagit.txt and the payload manifest.
func (v *verification) checkTagManifest(ctx context.Context) (string, error) {
	text, err := readWhole(ctx, v.bag, tagManifestFile, maxTagManifest)
	if err != nil {
		return "", err
	}
	tags, err := parseManifest(text)
	if err != nil {
		return "", isWrong(tagManifestFile, "%v", err)
	}
	if len(tags) != 2 || tags[0].Name != bagFile || tags[1].Name != manifestFile {
		return "", isWrong(tagManifestFile, "doesn't list exactly %s and %s", bagFile, manifestFile)
	}
	v.tags, v.report.Digest = text, sumOf(text)
	for _, line := range tags {
		if err := v.checkDigest(ctx, line); err != nil {
			return "", v.blameTags(ctx, err)
		}
	}
	return v.report.Digest, nil
}

// blameTags decides who is wrong when a tag file hasn't its digest: if the
// signature speaks of another tagmanifest too, it is the tagmanifest.
func (v *verification) blameTags(ctx context.Context, fault error) error {
	text, err := readWhole(ctx, v.bag, signatureFile, maxSignature)
	if err != nil {
		return fault
	}
	if s, err := parseSignature(text, bundleForm); err != nil || s.Digest == v.report.Digest {
		return fault
	}
	return isWrong(tagManifestFile, "isn't the signed one, and %v", fault)
}

// checkManifest checks that data/ holds exactly what the manifest lists, then
// every digest.
func (v *verification) checkManifest(ctx context.Context) (string, error) {
	text, err := readWhole(ctx, v.bag, manifestFile, maxManifest)
	if err != nil {
		return "", err
	}
	if v.payload, err = parseManifest(text); err != nil {
		return "", isWrong(manifestFile, "%v", err)
	}
	if err := v.checkListed(); err != nil {
		return "", err
	}
	if err := v.checkMissing(ctx); err != nil {
		return "", err
	}
	var now manifest // recordings, which are nearly all of a bundle, are read once: by checkRecordings
	for _, line := range v.payload {
		if _, found := slices.BinarySearch(v.names, line.Name); found && !strings.HasPrefix(line.Name, recordingDir) {
			now = append(now, line)
		}
	}
	if err := beside(len(now), func(i int) error { return v.checkDigest(ctx, now[i]) }); err != nil {
		return "", err
	}
	detail := fmt.Sprintf("%d files have their digests", len(now))
	if len(v.gone) > 0 {
		detail += ", " + purgedDetail(v.gone, v.strange)
	}
	return detail, nil
}

// checkListed compares the manifest's names with those of the container and of
// the layout.
func (v *verification) checkListed() error {
	var listed []string
	for _, line := range v.payload {
		if !inLayout(line.Name) {
			return isWrong(line.Name, "doesn't belong to a bundle")
		}
		listed = append(listed, line.Name)
	}
	for _, name := range []string{ledgerFile, privateFile, roomFile, profileFile, planFile, statementFile} {
		if _, found := slices.BinarySearch(listed, name); !found {
			return isWrong(name, "isn't listed in %s", manifestFile)
		}
	}
	for _, name := range v.names {
		if _, found := slices.BinarySearch(listed, name); !found && strings.HasPrefix(name, "data/") {
			return isWrong(name, "is there but isn't listed in %s", manifestFile)
		}
	}
	return nil
}

// inLayout tells whether a payload path is one that a bundle has.
func inLayout(name string) bool {
	switch name {
	case ledgerFile, privateFile, roomFile, profileFile, planFile, statementFile, qualityFile:
		return true
	}
	for dir, extension := range map[string]string{
		stillsDir: ".webp", photosDir: "", recordingDir: ".webm", framesDir: ".jsonl", documentsDir: "",
	} {
		if rest, found := strings.CutPrefix(name, dir); found {
			return objects.PlainSegment(rest) && strings.HasSuffix(rest, extension)
		}
	}
	return false
}

func (v *verification) checkDigest(ctx context.Context, line manifestLine) error {
	f, err := v.bag.open(ctx, line.Name)
	if err != nil {
		return err
	}
	defer f.Close()
	digest, _, err := objects.Digest(objects.Until(ctx, f))
	if err != nil {
		return err
	}
	if digest != line.SHA256 {
		return isWrong(line.Name, "has the digest %s instead of %s", digest, line.SHA256)
	}
	return nil
}

// checkSignature checks the signature's form and, if its key is among those
// given, the signature. An unknown key leaves the signer unknown.
func (v *verification) checkSignature(ctx context.Context) (string, error) {
	text, err := readWhole(ctx, v.bag, signatureFile, maxSignature)
	if err != nil {
		return "", err
	}
	s, err := parseSignature(text, bundleForm)
	if err != nil {
		return "", isWrong(signatureFile, "%v", err)
	}
	if s.Digest != v.report.Digest {
		return "", isWrong(signatureFile, "is over another %s, of digest %s", tagManifestFile, s.Digest)
	}
	if room := v.bag.room(); room != "" && room != s.Room {
		return "", isWrong(signatureFile, "is of room %s, not %s", s.Room, room)
	}
	v.report.Room, v.report.Signer, v.report.SignedAt = s.Room, s.KeyID, s.At.Format(time.RFC3339)
	key, found := v.ring.find(s.KeyID)
	if !found {
		return fmt.Sprintf("consistent, signer unknown: key %s", s.KeyID), nil
	}
	if err := verifySignature(key.Key, v.tags, text); err != nil {
		return "", isWrong(signatureFile, "%v", err)
	}
	if err := key.signedAt(s.At); err != nil {
		return "", isWrong(signatureFile, "%v", err)
	}
	v.report.SignerKnown = !v.strange // else anybody could have what is missing taken for purged
	return fmt.Sprintf("by key %s at %s", s.KeyID, v.report.SignedAt), nil
}

// checkStatement reads the statement and looks that it names no biometric
// component.
func (v *verification) checkStatement(ctx context.Context) (string, error) {
	text, err := readWhole(ctx, v.bag, statementFile, maxJSON)
	if err != nil {
		return "", err
	}
	var s Statement
	if err := strictJSON(bytes.TrimSpace(text), &s); err != nil {
		return "", isWrong(statementFile, "%v", err)
	}
	if s.Software == "" || s.Biometric == nil || len(s.Biometric) > 0 || s.Comparison != byPerson {
		return "", isWrong(statementFile, "doesn't state a build without biometric components")
	}
	return fmt.Sprintf("%d modules, no biometric component", len(s.Modules)), nil
}
