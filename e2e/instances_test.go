package e2e

import (
	"testing"

	"darkroom/internal/bucket/buckettest"
	"darkroom/internal/database/databasetest"
)

// places are what instances share, and what a test can break: a database server
// of its own and an object store, with the lines that lead there.
type places struct {
	server                *databasetest.Server
	objects               *buckettest.Objects
	toDatabase, toObjects *line // to the database, and to the object store
	all                   instances
}

func openPlaces(t *testing.T) *places {
	t.Helper()
	p := &places{server: databasetest.Own(t), objects: buckettest.Serve(t)}
	p.toDatabase = layLine(t, "unix", p.server.Socket())
	p.toObjects = layLine(t, "tcp", p.objects.Address())
	p.all = instances{database: p.server.Over(p.toDatabase.port(), p.server.Database()), bucket: p.objects.Over(p.toObjects.port())}
	return p
}
