"""Ways to change a chart: grafts from other charts, clinical variation, damage, strangers, other units."""
