package live

import "maps"

// With returns the same server, asked with more in the object "tilgate".
func (s *Server) With(extra map[string]any) *Server {
	with := &Server{opts: s.opts, base: s.base, api: s.api, client: s.client, langs: s.langs, plain: s.plain}
	with.opts.Extra = maps.Clone(s.opts.Extra)
	if with.opts.Extra == nil {
		with.opts.Extra = map[string]any{}
	}
	maps.Copy(with.opts.Extra, extra)
	return with
}
