// Command registry is the container registry that the tests push artifacts to: what it holds is gone when it ends.
package main

import (
	"flag"
	"log"
	"net/http"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	address := flag.String("address", "127.0.0.1:5000", "where to listen")
	flag.Parse()
	log.Fatal(http.ListenAndServe(*address, registry.New()))
}
