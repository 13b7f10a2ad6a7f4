package ode

// quadratureRule is a Gauss rule on [0, 1] and its Kronrod extension (Kronrod 1965; Laurie, Math. Comp. 66, 1133, 1997).
// Node 2i+1 of the extension is node i of the Gauss rule. Gauss is exact to degree 2s−1, Kronrod to at least 3s+1.
type quadratureRule struct {
	node, kronrod []float64 // 2s+1
	gauss         []float64 // s
}

// mirrored completes a rule from its nodes below 1/2, the weights there and the weights of the middle node.
func mirrored(node, kronrod []float64, middle float64, gauss []float64, gaussMiddle float64) quadratureRule {
	var r quadratureRule
	n := len(node)
	r.node = append(append(r.node, node...), 0.5)
	r.kronrod = append(append(r.kronrod, kronrod...), middle)
	r.gauss = append(r.gauss, gauss...)
	if n%2 == 1 {
		r.gauss = append(r.gauss, gaussMiddle)
	}
	for i := n - 1; i >= 0; i-- {
		r.node = append(r.node, 1-node[i])
		r.kronrod = append(r.kronrod, kronrod[i])
	}
	for i := len(gauss) - 1; i >= 0; i-- {
		r.gauss = append(r.gauss, gauss[i])
	}
	return r
}

// quadratureRules are the rules with s = 1, …, 5 Gauss points.
var quadratureRules = [...]quadratureRule{
	mirrored([]float64{0.1127016653792583115}, []float64{0.2777777777777777778}, 0.4444444444444444444, nil, 1),
	mirrored([]float64{0.03708995011372426922, 0.2113248654051871177},
		[]float64{0.0989898989898989899, 0.2454545454545454545}, 0.3111111111111111111, []float64{0.5}, 0),
	mirrored([]float64{0.01975436564598985829, 0.1127016653792583115, 0.282878125326598721},
		[]float64{0.0523281130132336326, 0.1342440449341667204, 0.2006987073879811115}, 0.2254582693292370712,
		[]float64{0.2777777777777777778}, 0.4444444444444444444),
	mirrored([]float64{0.01171987463121344423, 0.06943184420297371239, 0.1798568912518450088, 0.3300094782075718676},
		[]float64{0.03148868683273650738, 0.0850268026678613634, 0.133399170226142224, 0.1634745948007258148}, 0.1732214909450681808,
		[]float64{0.1739274225687269287, 0.3260725774312730713}, 0),
	mirrored([]float64{0.007957319952578767752, 0.0469100770306680036, 0.1229166367145753898, 0.2307653449471584545, 0.3601847934191084033},
		[]float64{0.02129101837554091643, 0.05761665831123669701, 0.09340039827824632873, 0.1205201696143237933, 0.1364249009562794612},
		0.1414937089287456066, []float64{0.1184634425280945438, 0.239314335249683234}, 0.2844444444444444444),
}

// quadratureRuleFor returns the smallest Gauss rule whose local error is of higher order than that of a method of order p.
func quadratureRuleFor(p int) quadratureRule {
	return quadratureRules[min(max((p+2)/2, 1), len(quadratureRules))-1]
}
