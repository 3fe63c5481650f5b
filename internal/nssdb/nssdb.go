// Package nssdb writes the certificate database of NSS, in which Chromium on
// Linux looks for authorities beyond its own list. It knows the file's form
// and nothing of who reads it.
package nssdb

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	_ "modernc.org/sqlite" // the file is an SQLite database
)

// FileName of the database in its folder, and FolderName of that folder below
// the home of its reader.
const (
	FileName   = "cert9.db"
	FolderName = ".pki/nssdb"
)

// Write makes a database in which each certificate is trusted to vouch for web
// servers, and for nothing else. There must be no file at path yet.
func Write(ctx context.Context, path string, roots []*x509.Certificate) error {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath())
	if err != nil {
		return fmt.Errorf("make the certificate database: %w", err)
	}
	err = fill(ctx, db, roots)
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("write the certificate database: %w", err)
	}
	return nil
}

func fill(ctx context.Context, db *sql.DB, roots []*x509.Certificate) error {
	columns := make([]string, 0, len(columnsOf()))
	for _, attribute := range columnsOf() {
		columns = append(columns, fmt.Sprintf("a%x", attribute))
	}
	_, err := db.ExecContext(ctx, "CREATE TABLE nssPublic (id PRIMARY KEY UNIQUE ON CONFLICT ABORT, "+strings.Join(columns, ", ")+")")
	if err != nil {
		return err
	}
	for i, root := range roots {
		certificate, err := certificateObject(root)
		if err != nil {
			return err
		}
		for j, row := range []object{certificate, trustObject(root, certificate)} {
			if err := row.insert(ctx, db, 2*i+j+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// object is one row: the value of each attribute that is set.
type object map[uint32][]byte

func (o object) insert(ctx context.Context, db *sql.DB, id int) error {
	columns := columnsOf()
	values := make([]any, 0, len(columns)+1)
	values = append(values, id)
	for _, attribute := range columns {
		values = append(values, o.value(attribute))
	}
	statement := strings.Join([]string{"INSERT INTO nssPublic VALUES (?", strings.Repeat(", ?", len(columns)), ")"}, "")
	_, err := db.ExecContext(ctx, statement, values...)
	return err
}

// value is nil, and not an empty text, for an attribute that is not set.
func (o object) value(attribute uint32) any {
	if value, ok := o[attribute]; ok {
		return value
	}
	return nil
}

func certificateObject(root *x509.Certificate) (object, error) {
	serial, err := asn1.Marshal(root.SerialNumber)
	if err != nil {
		return nil, fmt.Errorf("write the serial number of %s: %w", root.Subject, err)
	}
	id := sha256.Sum256(root.RawSubjectPublicKeyInfo)
	return object{
		attributeClass: number(classCertificate), attributeToken: yes(), attributePrivate: no(), attributeModifiable: yes(),
		attributeLabel: []byte(root.Subject.String()), attributeValue: root.Raw, attributeCertificateType: number(0),
		attributeIssuer: root.RawIssuer, attributeSerial: serial, attributeSubject: root.RawSubject, attributeID: id[:],
	}, nil
}

func trustObject(root *x509.Certificate, certificate object) object {
	hash := sha1.Sum(root.Raw)
	trust := object{
		attributeClass: number(classTrust), attributeToken: yes(), attributePrivate: no(), attributeModifiable: yes(),
		attributeLabel: certificate[attributeLabel], attributeIssuer: root.RawIssuer, attributeSerial: certificate[attributeSerial],
		attributeSHA1: hash[:], attributeServerAuth: number(trustedDelegator), attributeStepUp: no(),
	}
	for _, other := range []uint32{attributeClientAuth, attributeCodeSigning, attributeEmail} {
		trust[other] = number(mustVerify)
	}
	return trust
}

func number(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
func yes() []byte            { return []byte{1} }
func no() []byte             { return []byte{0} }

// What the numbers of PKCS #11, and those that NSS has added, mean.
const (
	classCertificate = 1
	classTrust       = 0xce534353

	trustedDelegator = 0xce534352
	mustVerify       = 0xce534353

	attributeClass           = 0x0
	attributeToken           = 0x1
	attributePrivate         = 0x2
	attributeLabel           = 0x3
	attributeValue           = 0x11
	attributeCertificateType = 0x80
	attributeIssuer          = 0x81
	attributeSerial          = 0x82
	attributeSubject         = 0x101
	attributeID              = 0x102
	attributeModifiable      = 0x170
	attributeServerAuth      = 0xce536358
	attributeClientAuth      = 0xce536359
	attributeCodeSigning     = 0xce53635a
	attributeEmail           = 0xce53635b
	attributeStepUp          = 0xce536360
	attributeSHA1            = 0xce5363b4
)

// columnsOf lists every attribute that NSS asks for, set or not: it does not
// expect one to be missing.
func columnsOf() []uint32 {
	return slices.Concat(
		[]uint32{0x0, 0x1, 0x2, 0x3, 0x10, 0x11, 0x12}, span(0x80, 0x8b), []uint32{0x90},
		span(0x100, 0x10c), []uint32{0x110, 0x111}, span(0x120, 0x134), span(0x160, 0x166), []uint32{0x170, 0x180, 0x181},
		span(0x200, 0x202), []uint32{0x210}, span(0x300, 0x302), span(0x400, 0x406), span(0x480, 0x482), span(0x500, 0x503),
		[]uint32{0x40000211, 0x40000212, 0x80000001},
		span(0xce534351, 0xce534358), span(0xce534364, 0xce534369), []uint32{0xce534373, 0xce534374},
		span(0xce536351, 0xce536360), []uint32{0xce5363b4, 0xce5363b5, 0xd5a0db00},
	)
}

func span(from, to uint32) []uint32 {
	var all []uint32
	for n := from; n <= to; n++ {
		all = append(all, n)
	}
	return all
}
