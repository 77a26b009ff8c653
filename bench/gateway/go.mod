module tilgate/bench/gateway

go 1.26
