package gateway

const cookieName = "tilgate_key"

type page struct{}

func newPage() *page { return &page{} }
