package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"tilgate/internal/bundle"
	"tilgate/internal/fault"
)

// passphraseVariable holds a passphrase in the environment.
const passphraseVariable = "TILGATE_BACKUP_PASSPHRASE"

// ageLine begins a file that is encrypted.
const ageLine = "age-encryption.org/"

// workFactor is how much it costs to try a passphrase: 2^16 times 1 kB, which
// takes 64 MB of memory, as a small machine has.
const workFactor = 16

// lockFlags say what a backup is encrypted to.
type lockFlags struct {
	to   []string
	file string
}

func (f *lockFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.to, "encrypt-to", nil, "public key (age1…) that the file is encrypted to; several can each open it")
	passphraseFlag(cmd, &f.file)
}

func passphraseFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "passphrase-file", "", "file with the passphrase that the backup is encrypted with, in place of "+passphraseVariable)
}

// recipients are who can open a backup; none leaves it as it is.
type recipients []age.Recipient

func (f lockFlags) recipients(getenv func(string) string) (recipients, error) {
	phrase, err := passphrase(f.file, getenv)
	if err != nil {
		return nil, err
	}
	if phrase != "" && len(f.to) > 0 {
		return nil, usageError{errors.New("encrypt to a key or with a passphrase, not both: --encrypt-to, or --passphrase-file and " + passphraseVariable)}
	}
	if phrase != "" {
		r, err := age.NewScryptRecipient(phrase)
		if err != nil {
			return nil, err
		}
		r.SetWorkFactor(workFactor)
		return recipients{r}, nil
	}
	var list recipients
	for _, text := range f.to {
		parsed, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil {
			return nil, usageError{fmt.Errorf("--encrypt-to: %q is no public key, which begins with age1; tilgate backup --make-identity FILE prints one", text)}
		}
		list = append(list, parsed...)
	}
	return list, nil
}

// passphrase returns the one that is given; empty if none is.
func passphrase(file string, getenv func(string) string) (string, error) {
	if file == "" {
		return getenv(passphraseVariable), nil
	}
	text, err := os.ReadFile(file)
	phrase := strings.TrimRight(string(text), "\r\n")
	if err == nil && phrase == "" {
		err = fmt.Errorf("%s is empty", file)
	}
	if err != nil {
		return "", fmt.Errorf("--passphrase-file: %w", err)
	}
	return phrase, nil
}

// seal encrypts what is written, unless nobody is named. Close ends it, and
// leaves w open.
func (r recipients) seal(w io.Writer) (io.WriteCloser, error) {
	buffered := bufio.NewWriterSize(w, 1<<20)
	if len(r) == 0 {
		return flushing{buffered, buffered, func() error { return nil }}, nil
	}
	sealed, err := age.Encrypt(buffered, r...)
	if err != nil {
		return nil, err
	}
	return flushing{sealed, buffered, sealed.Close}, nil
}

// flushing writes out what is buffered when it is closed.
type flushing struct {
	io.Writer
	buffered *bufio.Writer
	end      func() error
}

func (f flushing) Close() error { return errors.Join(f.end(), f.buffered.Flush()) }

// unlockFlags say what opens a backup.
type unlockFlags struct{ identity, file string }

func (f *unlockFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.identity, "identity", "", "file of the identity that the backup is encrypted to")
	passphraseFlag(cmd, &f.file)
}

func (f unlockFlags) identities(getenv func(string) string) ([]age.Identity, error) {
	if f.identity != "" {
		file, err := os.Open(f.identity)
		if err != nil {
			return nil, fmt.Errorf("--identity: %w", err)
		}
		defer file.Close()
		list, err := age.ParseIdentities(file)
		if err != nil {
			return nil, fault.Invalid.Errorf("--identity: %s is no file of an identity, such as tilgate backup --make-identity writes", f.identity)
		}
		return list, nil
	}
	phrase, err := passphrase(f.file, getenv)
	if err != nil || phrase == "" {
		return nil, err
	}
	i, err := age.NewScryptIdentity(phrase)
	return []age.Identity{i}, err
}

// open opens a backup, encrypted or not. close must be called.
func (f unlockFlags) open(path string, getenv func(string) string) (b *bundle.Bundle, closeFile func(), err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fault.Invalid.Errorf("%s is no file", path)
	}
	b, err = f.read(path, file, info.Size(), getenv)
	return b, func() { file.Close() }, err
}

// read reads what is in a backup, of which path is the name.
func (f unlockFlags) read(path string, file io.ReaderAt, size int64, getenv func(string) string) (*bundle.Bundle, error) {
	content, size, err := f.unseal(path, file, size, getenv)
	if err != nil {
		return nil, err
	}
	return bundle.OpenBackup(path, content, size)
}

// unseal returns the content of a file, decrypted if need be.
func (f unlockFlags) unseal(path string, file io.ReaderAt, size int64, getenv func(string) string) (io.ReaderAt, int64, error) {
	head := make([]byte, len(ageLine))
	if _, err := file.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	if !bytes.Equal(head, []byte(ageLine)) {
		return file, size, nil
	}
	keys, err := f.identities(getenv)
	if err != nil {
		return nil, 0, err
	}
	if len(keys) == 0 {
		return nil, 0, fault.Invalid.Errorf("%s is encrypted: give --identity FILE, or its passphrase with --passphrase-file or %s", path, passphraseVariable)
	}
	content, plain, err := age.DecryptReaderAt(file, size, keys...)
	if wrong := (*age.NoIdentityMatchError)(nil); errors.As(err, &wrong) {
		return nil, 0, fault.Forbidden.Errorf("%s cannot be opened with this: the passphrase or identity is not the one that it was encrypted with", path)
	}
	if err != nil {
		return nil, 0, fault.Invalid.Wrap(err, path+" is damaged, or was cut off")
	}
	return content, plain, nil
}

// makeIdentity writes a fresh identity, and prints its public half.
func (p *program) makeIdentity(path string, args []string) error {
	if len(args) > 0 {
		return usageError{errors.New("--make-identity makes an identity and no backup; name no file beside it")}
	}
	i, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	if err := writeSecret(path, i.String()+"\n"); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.out, "The identity is in %s; keep it where the backups are not, and a copy of it on paper.\n\nEncrypt to its public half:\n\n  tilgate backup --encrypt-to %s FILE\n", path, i.Recipient())
	return err
}
