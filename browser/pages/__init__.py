"""The site's visible areas, one file each. Selectors are data (`selectors.json`) and appear nowhere else."""
