package rag

import (
	"cmp"
	"context"
	"regexp"

	"tilgate/internal/fault"
)

// DefaultTenant is whose everything is where nobody says.
const DefaultTenant = "default"

// TenantOf returns the tenant that a name stands for: the empty one is the
// default's.
func TenantOf(name string) string { return cmp.Or(name, DefaultTenant) }

var tenantName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// CheckTenant says what is wrong with the name of a tenant, if anything is.
func CheckTenant(name string) error {
	if !tenantName.MatchString(name) {
		return fault.Invalid.Errorf("%q cannot name a tenant: use small letters, digits, - and _, at most 63", name)
	}
	return nil
}

// Tenants gives each tenant a retriever over its own passages. It is itself a
// retriever: the query says whose it is.
type Tenants func(tenant string) *Retriever

// Retrieve finds passages of the tenant that asks.
func (t Tenants) Retrieve(ctx context.Context, q Query) ([]Passage, error) {
	return t(q.Tenant).Retrieve(ctx, q)
}
