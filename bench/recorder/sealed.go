package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"verifycall/recorder"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms/ledger"
)

const room = "R-BENCH001"

// benchSealed seals a call of two participants and verifies its bundle.
func benchSealed(ctx context.Context, set settings) ([]line, error) {
	store, err := objects.OpenFS(filepath.Join(set.dir, "store"))
	if err != nil {
		return nil, err
	}
	defer store.Close()
	v, err := vault.Open(store, filepath.Join(set.dir, "keys"))
	if err != nil {
		return nil, err
	}
	key, err := v.Make(ctx, vault.Room(room), vault.Recording)
	if err != nil {
		return nil, err
	}
	parts := filepath.Join(set.dir, "parts")
	for _, participant := range []string{"seller", "manager"} {
		o, err := beginOurs(parts, room, participant, key.Recipient())
		if err == nil {
			err = o.play(ctx, time.Duration(set.minutes)*time.Minute)
		}
		if err != nil {
			return nil, fmt.Errorf("record: %w", err)
		}
	}
	keys, err := evidence.LoadOrCreateKeys(filepath.Join(set.dir, "keys"))
	if err != nil {
		return nil, err
	}
	started := time.Now()
	if err := sealCall(ctx, v, keys, parts); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	lines := []line{{Name: "seal", On: fmt.Sprintf("a call of %d minutes", set.minutes), Value: rounded(time.Since(started).Seconds()), Unit: "s"}}
	verified, err := benchVerify(ctx, v, keys, set)
	return append(lines, verified...), err
}

// play records a call as fast as the disk takes it: never more than some seconds
// of it before what is durable, so that no queue overflows.
func (o *ours) play(ctx context.Context, span time.Duration) error {
	const ahead = 6 * time.Second
	s, start := sender{film: newFilm()}, time.Now()
	for now := time.Duration(0); now < span; now += 100 * time.Millisecond {
		if _, err := feed(&s, o, start, now); err != nil {
			return err
		}
		for float64(o.durable()) < (now-ahead).Seconds()*pictureSize*float64(time.Second/pictureSpan) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			time.Sleep(time.Millisecond)
		}
	}
	return o.stop()
}

// durable is how many bytes of pictures are on the disk.
func (o *ours) durable() int64 {
	for _, t := range o.recording.Status().Tracks {
		if t.Kind == recorder.Video {
			return t.Bytes
		}
	}
	return 0
}

// sealCall does what the house does after a verdict: it reads the parts,
// assembles and encrypts, and signs the bundle.
func sealCall(ctx context.Context, v *vault.Vault, keys *evidence.Keys, parts string) error {
	key, err := v.Key(ctx, vault.Room(room), vault.Recording)
	if err != nil {
		return err
	}
	ids, err := recorder.Recordings(parts)
	if err != nil {
		return err
	}
	tapes, err := recorder.ReadAll(parts, ids, key)
	if err != nil {
		return err
	}
	var listed []any
	src := evidence.Source{Profile: map[string]any{"name": "bench"}, Plan: map[string]any{"steps": []string{}}, Statement: evidence.BuildStatement()}
	for _, tape := range tapes {
		id := tape.Summary.ID
		listed = append(listed, map[string]any{"id": id})
		src.Recordings = append(src.Recordings, evidence.WrittenFile(id+".webm", tape.WriteVideo))
		src.Frames = append(src.Frames, evidence.WrittenFile(id+".jsonl", tape.WriteIndex))
	}
	src.Room = map[string]any{"room": room, "recordings": listed}
	var head ledger.Head
	for _, kind := range []string{"created", "sealed"} {
		e, err := ledger.Append(head, time.Now(), "system", kind, map[string]any{"room": room})
		if err != nil {
			return err
		}
		src.Entries, head = append(src.Entries, e), e.Head()
	}
	_, err = evidence.WriteBundle(ctx, v, evidence.Prefix(room), keys, src)
	return err
}

// benchVerify compares the verification of the exported bundle, as a folder and
// as a ZIP, with sha256sum over the same bytes.
func benchVerify(ctx context.Context, v *vault.Vault, keys *evidence.Keys, set settings) ([]line, error) {
	folder, packed := filepath.Join(set.dir, "bundle"), filepath.Join(set.dir, "bundle.zip")
	size, err := export(ctx, v, folder, packed)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	verify := func(path string) func() error {
		return func() error {
			report, err := evidence.Verify(path, []string{keys.Public()})
			if err == nil && report.ExitCode() != 0 {
				err = fmt.Errorf("verify: %+v", report)
			}
			return err
		}
	}
	stock := func() error {
		return exec.CommandContext(ctx, "find", folder, "-type", "f", "-exec", "sha256sum", "{}", "+").Run()
	}
	stored := func() error {
		report, err := evidence.VerifyStore(ctx, v, evidence.Prefix(room), []string{keys.Public()})
		if err == nil && report.ExitCode() != 0 {
			err = fmt.Errorf("verify: %+v", report)
		}
		return err
	}
	floor := func() error { return decryptAndHash(ctx, v) }
	var lines []line
	for _, way := range []struct {
		on  string
		run func() error
	}{{"sha256sum", stock}, {"verify, folder", verify(folder)}, {"verify, ZIP", verify(packed)}, {"verify, encrypted store", stored}, {"decrypt and SHA-256 once, one after the other", floor}} {
		best := time.Duration(0)
		for range set.rounds {
			started := time.Now()
			if err := way.run(); err != nil {
				return nil, fmt.Errorf("%s: %w", way.on, err)
			}
			if took := time.Since(started); best == 0 || took < best {
				best = took
			}
		}
		l := line{Name: "verified", On: way.on, Value: rounded(float64(size) / 1e6 / best.Seconds()), Unit: "MB/s"}
		if len(lines) > 0 {
			l.Vs, l.Ratio = "sha256sum", rounded(l.Value/lines[0].Value)
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// export writes the bundle as a folder and as a ZIP and gives its size in bytes.
func export(ctx context.Context, v *vault.Vault, folder, packed string) (size int64, err error) {
	z, err := os.Create(packed)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(evidence.ZipBundle(ctx, v, evidence.Prefix(room), z), z.Close()); err != nil {
		return 0, err
	}
	bundle, err := evidence.OpenBundle(ctx, v, evidence.Prefix(room))
	if err != nil {
		return 0, err
	}
	for _, name := range bundle.Names() {
		n, err := unpack(ctx, bundle, name, filepath.Join(folder, name))
		if err != nil {
			return 0, err
		}
		size += n
	}
	return size, nil
}

func unpack(ctx context.Context, bundle *evidence.Bundle, name, path string) (int64, error) {
	in, _, err := bundle.Open(ctx, name)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return 0, err
	}
	out, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(out, in)
	return n, errors.Join(err, out.Close())
}

// decryptAndHash is the least that has to be done to look into the encrypted
// form: the digest of what lies there, and that of what is in it.
func decryptAndHash(ctx context.Context, v *vault.Vault) error {
	bundle, err := evidence.OpenBundle(ctx, v, evidence.Prefix(room))
	if err != nil {
		return err
	}
	for _, name := range bundle.Names() {
		open := []func() (objects.File, objects.Object, error){func() (objects.File, objects.Object, error) { return bundle.Open(ctx, name) }}
		if strings.HasPrefix(name, "data/") {
			open = append(open, func() (objects.File, objects.Object, error) {
				return v.Store().Open(ctx, evidence.Prefix(room)+name+vault.Suffix)
			})
		}
		for _, open := range open {
			f, _, err := open()
			if err != nil {
				return err
			}
			_, _, err = objects.Digest(f)
			if err := errors.Join(err, f.Close()); err != nil {
				return err
			}
		}
	}
	return nil
}
